package dev.watershed.cli;

import dev.watershed.input.Quoted;
import dev.watershed.input.TrainedSteps;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * A directory that becomes a checkpoint.
 *
 * @param uri as the server is asked for it
 * @param id what it will be called
 */
record NewCheckpoint(String uri, String id) {
  /**
   * What the words of a command line mean: a directory and an id, or directories that are called
   * after their folders.
   *
   * <p>{@code runs/seed2/checkpoint-600} becomes {@code seed2-step-600}, any other folder its own
   * name, with the step where Hugging Face's Trainer left its state there. Where two trainings
   * would have one name, as many of the folders above go before it as tell them apart.
   *
   * @param prefix goes before every id that is made
   * @throws CommandException where a name is missing or cannot be
   */
  static List<NewCheckpoint> of(List<String> words, String prefix, Path workingDirectory) {
    if (words.size() == 2 && isId(words.get(1), workingDirectory)) {
      if (!prefix.isEmpty()) {
        throw CommandException.badInput("--prefix goes before ids that are made; one was given");
      }
      return List.of(
          new NewCheckpoint(
              uri(words.get(0), workingDirectory), NameArguments.newCheckpoint(words.get(1))));
    }
    List<Folder> folders =
        words.stream().map(word -> folder(word, workingDirectory)).distinct().toList();
    Map<List<String>, String> stems = stems(folders.stream().map(Folder::names).toList());
    return folders.stream()
        .map(
            folder ->
                new NewCheckpoint(
                    folder.uri(),
                    made(folder, prefix + stems.get(folder.names()) + folder.ending())))
        .toList();
  }

  /** All or nothing: half a training registered under other names than the rest helps nobody. */
  private static String made(Folder folder, String id) {
    if (!NameArguments.isNewCheckpoint(id)) {
      throw CommandException.badInput(
          "nothing was registered: '"
              + Quoted.of(folder.uri())
              + "' would be called '"
              + Quoted.of(id)
              + "', and ids are of small letters, digits, '.', '_' and '-', a letter or digit first,"
              + " at most 128. Give it an id of its own ('watershed checkpoints register"
              + " DIRECTORY ID') and leave it out here, or begin all with --prefix TEXT");
    }
    return id;
  }

  /**
   * A directory, told by its path.
   *
   * @param names of the folders that it is called after, the last first
   */
  private record Folder(String uri, List<String> names, OptionalLong step) {
    String ending() {
      return step.isPresent() ? "-step-" + step.getAsLong() : "";
    }
  }

  private static boolean isId(String word, Path workingDirectory) {
    Path here = workingDirectory.resolve(word);
    boolean holdsCheckpoint = word.contains("/") || Files.exists(here.resolve("config.json"));
    return !word.startsWith("file:") && !(Files.isDirectory(here) && holdsCheckpoint);
  }

  private static String uri(String word, Path workingDirectory) {
    Path here = workingDirectory.resolve(word);
    return Files.isDirectory(here) ? here.toAbsolutePath().normalize().toString() : word;
  }

  private static Folder folder(String word, Path workingDirectory) {
    String uri = uri(word, workingDirectory);
    if ((uri.contains("*") || uri.contains("?")) && !Files.exists(workingDirectory.resolve(word))) {
      throw CommandException.badInput("there is nothing that fits '" + Quoted.of(word) + "' here");
    }
    Path path = uri.startsWith("file:") ? Path.of(URI.create(uri)) : Path.of(uri);
    List<String> names = new ArrayList<>();
    path.forEach(name -> names.add(0, name.toString()));
    OptionalLong step = names.isEmpty() ? OptionalLong.empty() : step(path, names.get(0));
    if (names.size() > 1 && TrainedSteps.ofFolder(names.get(0)).isPresent()) {
      names.remove(0);
    } else if (names.size() > 2 && names.get(1).equals("snapshots")) {
      // Hugging Face's cache: models--org--name/snapshots/hash.
      String model = names.get(2).replaceFirst("^models--", "").replace("--", "-");
      names.subList(0, 3).clear();
      names.add(0, model);
    }
    return new Folder(uri, List.copyOf(names), step);
  }

  /** As the server reads it; where the directory is not here, by its name alone. */
  private static OptionalLong step(Path path, String name) {
    Path state = path.resolve(TrainedSteps.STATE);
    try {
      return TrainedSteps.of(name, Files.isRegularFile(state) ? state : null).step();
    } catch (IOException e) {
      return TrainedSteps.ofFolder(name);
    }
  }

  /** What each is called, after as many of its folders as tell it from the others. */
  private static Map<List<String>, String> stems(List<List<String>> paths) {
    Map<List<String>, String> stems = new LinkedHashMap<>();
    paths.forEach(names -> stems.put(names, stem(names, 1)));
    int deepest = paths.stream().mapToInt(List::size).max().orElse(0);
    for (int count = 2; count <= deepest; count++) {
      int folders = count;
      List<String> taken = List.copyOf(stems.values());
      stems.replaceAll(
          (names, stem) -> Collections.frequency(taken, stem) > 1 ? stem(names, folders) : stem);
    }
    return stems;
  }

  private static String stem(List<String> names, int count) {
    List<String> used = names.subList(0, Math.min(count, names.size())).reversed();
    return NameArguments.proposal(String.join("-", used));
  }
}

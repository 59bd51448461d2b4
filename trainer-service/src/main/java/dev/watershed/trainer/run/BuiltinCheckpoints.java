package dev.watershed.trainer.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.trainer.store.RunStore;
import io.micronaut.context.annotation.Context;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts the checkpoints that come with the program into the store when a process starts, unless they
 * are there.
 *
 * <p>They lie on the class path below {@value #BASE}, each in a directory of its id; a file {@code
 * index} has a line for each: the id and the names of its files, with spaces between.
 */
@Context
final class BuiltinCheckpoints {
  static final String BASE = "dev/watershed/classifier/builtin/";

  private static final Logger log = LoggerFactory.getLogger(BuiltinCheckpoints.class);
  private static final Pattern SPACES = Pattern.compile("\\s+");

  /**
   * Writes first of all.
   *
   * @param runs whose database the store belongs to: that was seen to, and that it can be written
   */
  BuiltinCheckpoints(CheckpointStore store, RunStore runs) throws IOException {
    install(BuiltinCheckpoints.class.getClassLoader(), store);
  }

  static void install(ClassLoader classes, CheckpointStore store) throws IOException {
    for (var line : index(classes)) {
      var words = List.of(SPACES.split(line.strip()));
      String id = words.getFirst();
      if (store.find(id).isEmpty()) {
        put(classes, id, words.subList(1, words.size()), store);
      }
    }
  }

  private static List<String> index(ClassLoader classes) throws IOException {
    try (InputStream input = classes.getResourceAsStream(BASE + "index")) {
      return input == null
          ? List.of()
          : new String(input.readAllBytes(), UTF_8).lines().filter(l -> !l.isBlank()).toList();
    }
  }

  private static void put(ClassLoader classes, String id, List<String> files, CheckpointStore store)
      throws IOException {
    try (var directory = store.incoming()) {
      for (var file : files) {
        copy(classes, BASE + id + "/" + file, directory.path().resolve(file));
      }
      store.put(id, "", 0, directory.path());
      log.info("Checkpoint {} comes with the program and is in the store now", id);
    }
  }

  private static void copy(ClassLoader classes, String resource, Path target) throws IOException {
    try (InputStream input = classes.getResourceAsStream(resource)) {
      if (input == null) {
        throw new FileNotFoundException(
            resource + " is named in " + BASE + "index but not on the class path");
      }
      Files.copy(input, target);
    }
  }
}

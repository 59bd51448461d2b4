package dev.watershed.classifier.data;

import static dev.watershed.input.InvalidInputException.invalid;

import dev.watershed.input.InvalidInputException;
import dev.watershed.input.InvalidInputException.Kind;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Finds the files of tasks and how their columns are laid out. */
final class TaskFiles {
  private static final int MAX_LISTED = 10_000;

  private final DataRoots roots;
  private final ReadingBounds bounds;

  /**
   * @param bounds of looking at a file's beginning
   */
  TaskFiles(DataRoots roots, ReadingBounds bounds) {
    this.roots = roots;
    this.bounds = bounds;
  }

  /**
   * Returns the file of a task: the one that is named, or the first of the task's published names
   * that is there. No directory is walked.
   *
   * @throws InvalidInputException TASK_FILE_NOT_FOUND with the names looked for
   */
  Path find(TaskSplit split) {
    Task task = Tasks.named(split.name());
    if (split.uri().isEmpty()) {
      for (Path root : roots.directories()) {
        Optional<Path> file = first(root, task.paths());
        if (file.isPresent()) {
          return file.get();
        }
      }
      throw notFound(
          task, String.format(Locale.ROOT, "the %d data roots", roots.directories().size()));
    }
    Path named = roots.resolve(split.uri());
    if (!Files.isDirectory(named)) {
      return named;
    }
    List<String> names = new ArrayList<>(task.files());
    names.addAll(task.paths());
    return first(named, names).orElseThrow(() -> notFound(task, "'%s'".formatted(split.uri())));
  }

  /**
   * Returns how the file of a task is read.
   *
   * @throws InvalidInputException TASK_LAYOUT_UNKNOWN with what was looked for and what was found
   */
  FileReading open(TaskSplit split, List<String> onlyLabels, List<ColumnFilter> filters)
      throws IOException {
    Task task = Tasks.named(split.name());
    Path path = find(split);
    FileColumns file = FileColumns.of(path, bounds);
    TaskLayout layout = layout(task, file, path);
    List<String> notices = new ArrayList<>();
    FileSplit columns =
        new FileSplit(
            path.toString(),
            file.format(),
            layout.text(),
            layout.pair(),
            layout.label(),
            codes(task, layout, file, notices),
            layout.hasHeader());
    List<ColumnFilter> all = new ArrayList<>(filters);
    if (!task.groups().isEmpty()) {
      all.add(new ColumnFilter(layout.group(), task.groups()));
    }
    return new FileReading(
        path, columns, labelsOfBoth(task, onlyLabels), all, task.labels(), notices, true);
  }

  private static TaskLayout layout(Task task, FileColumns file, Path path) {
    TaskLayout layout =
        task.layouts().stream()
            .filter(candidate -> candidate.fits(file))
            .findFirst()
            .orElseThrow(
                () ->
                    unknown(
                        "'%s' is none of the layouts of %s: looked for the columns %s; found %s"
                            .formatted(
                                path.getFileName(),
                                task.name(),
                                String.join(
                                    "; or ",
                                    task.layouts().stream().map(TaskLayout::toString).toList()),
                                file.shown())));
    boolean grouped = !layout.hasHeader() || file.names().contains(layout.group());
    if (!task.groups().isEmpty() && !grouped) {
      throw unknown(
          "'%s' has no column '%s', which tells the rows of %s from the others; found %s. Give a file that has it"
              .formatted(path.getFileName(), layout.group(), task.name(), file.shown()));
    }
    return layout;
  }

  /** Returns the names of the labels by their integers, as the file says or the task is coded. */
  private static List<String> codes(
      Task task, TaskLayout layout, FileColumns file, List<String> notices) {
    List<String> named = file.classNames().getOrDefault(layout.label(), List.of());
    boolean nameless = named.stream().allMatch(name -> name.matches("-?[0-9]+"));
    if (nameless) {
      if (!layout.numbered() && file.format() == FileFormat.PARQUET) {
        notices.add(
            "the file does not say what integers in '%s' mean; they are read as %s, counted from 0"
                .formatted(layout.label(), task.labels()));
      }
      return task.labels();
    }
    if (!new HashSet<>(named).equals(new HashSet<>(task.labels()))) {
      throw new InvalidInputException(
          Kind.MISMATCH,
          "TASK_LABELS_DIFFER",
          "uri",
          "the file says that its labels are %s, those of %s are %s; give it as a file with its own label_names"
              .formatted(FileColumns.shown(named), task.name(), task.labels()));
    }
    return named;
  }

  /** What both the task and the caller want; only unknown names are refused here. */
  private static List<String> labelsOfBoth(Task task, List<String> onlyLabels) {
    for (String label : onlyLabels) {
      if (!task.labels().contains(label)) {
        throw invalid(
            "LABEL_UNKNOWN",
            "only_labels",
            "there is no label '%s'; the labels are %s".formatted(label, task.labels()));
      }
    }
    if (task.onlyLabels().isEmpty() || onlyLabels.isEmpty()) {
      return task.onlyLabels().isEmpty() ? onlyLabels : task.onlyLabels();
    }
    Set<String> both = new TreeSet<>(onlyLabels);
    both.retainAll(task.onlyLabels());
    if (both.isEmpty()) {
      throw invalid(
          "SPLIT_EMPTY",
          "only_labels",
          "%s has only rows labelled %s, not %s"
              .formatted(task.name(), task.onlyLabels(), onlyLabels));
    }
    return List.copyOf(both);
  }

  private Optional<Path> first(Path directory, List<String> names) {
    for (String name : names) {
      Path candidate = name.contains("*") ? only(directory, name) : directory.resolve(name);
      if (candidate != null && Files.isRegularFile(candidate)) {
        // Also a link must not lead out of the roots.
        return Optional.of(roots.resolve(candidate.toString()));
      }
      if (!name.endsWith(".parquet")) {
        Path zipped = directory.resolve(name + ".gz");
        if (Files.isRegularFile(zipped)) {
          return Optional.of(roots.resolve(zipped.toString()));
        }
      }
    }
    return Optional.empty();
  }

  /** Returns the one file of a pattern, null where there is none. */
  private static @Nullable Path only(Path directory, String pattern) {
    Path parent = directory.resolve(pattern).getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      return null;
    }
    String glob = pattern.substring(pattern.lastIndexOf('/') + 1);
    List<Path> found = new ArrayList<>();
    int listed = 0;
    var matcher = parent.getFileSystem().getPathMatcher("glob:" + glob);
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(parent)) {
      for (Path entry : entries) {
        if (++listed > MAX_LISTED) {
          throw invalid(
              "TOO_MANY_FILES",
              "uri",
              String.format(
                  Locale.ROOT,
                  "the directory has more than %d files; name the one to read",
                  MAX_LISTED));
        }
        if (matcher.matches(entry.getFileName())) {
          found.add(entry);
        }
      }
    } catch (IOException e) {
      return null; // not readable: as good as not there
    }
    if (found.size() > 1) {
      throw invalid(
          "TASK_FILE_AMBIGUOUS",
          "uri",
          String.format(
              Locale.ROOT,
              "%d files match '%s'; name the one to read, or put the rows into one file",
              found.size(),
              pattern));
    }
    return found.isEmpty() ? null : found.get(0);
  }

  private static InvalidInputException notFound(Task task, String where) {
    List<String> files = new ArrayList<>(task.ownFiles());
    files.addAll(task.files());
    return new InvalidInputException(
        Kind.NOT_FOUND,
        "TASK_FILE_NOT_FOUND",
        "uri",
        "no file of %s in %s; looked for %s (or a .gz of a text file), also below %s. Put it there, or name the file"
            .formatted(
                task.name(),
                where,
                FileColumns.shown(files),
                FileColumns.shown(task.directories())));
  }

  private static InvalidInputException unknown(String message) {
    return new InvalidInputException(Kind.MISMATCH, "TASK_LAYOUT_UNKNOWN", "uri", message);
  }
}

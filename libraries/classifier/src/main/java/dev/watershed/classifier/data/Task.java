package dev.watershed.classifier.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A split of a task of the field.
 *
 * @param name for example {@code mnli/validation-matched}
 * @param labels in canonical order; of two, the second is the positive class
 * @param score what papers tell of it
 * @param directories in which its files lie below a directory of data sets, as published
 * @param files their published names, which other tasks may use too; {@code *} stands for anything
 * @param ownFiles published names that no other task uses
 * @param layouts how its rows are published
 * @param groups values of the layouts' group column that belong to the split; empty for all rows
 * @param onlyLabels labels that belong to the split; empty for all
 * @param modelLabels what its labels are to models of the task it diagnoses, where that has others;
 *     empty where labels are the same
 */
public record Task(
    String name,
    List<String> labels,
    Score score,
    List<String> directories,
    List<String> files,
    List<String> ownFiles,
    List<TaskLayout> layouts,
    List<String> groups,
    List<String> onlyLabels,
    Map<String, List<String>> modelLabels) {
  /** Which score papers tell of a task. */
  public enum Score {
    ACCURACY,
    F1,
    MATTHEWS_CORRELATION
  }

  public Task {
    labels = List.copyOf(labels);
    directories = List.copyOf(directories);
    files = List.copyOf(files);
    ownFiles = List.copyOf(ownFiles);
    layouts = List.copyOf(layouts);
    groups = List.copyOf(groups);
    onlyLabels = List.copyOf(onlyLabels);
    modelLabels = Collections.unmodifiableMap(new LinkedHashMap<>(modelLabels));
  }

  /** Paths below a directory of data sets that are looked for, in order. */
  public List<String> paths() {
    List<String> paths = new ArrayList<>();
    for (String directory : directories) {
      Stream.concat(files.stream(), ownFiles.stream())
          .forEach(file -> paths.add(directory + "/" + file));
    }
    paths.addAll(ownFiles);
    return paths;
  }
}

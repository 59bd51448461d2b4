package dev.watershed.classifier.data;

import static dev.watershed.input.InvalidInputException.invalid;

import dev.watershed.input.FileFault;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads splits. Built-in ones are made once; files are read anew each time. Thread-safe. */
public final class Datasets {
  private static final Logger LOG = LoggerFactory.getLogger(Datasets.class);

  private final DataRoots roots;
  private final DataLimits limits;
  private final DataMemory memory;
  private final TaskFiles tasks;
  private final Map<String, Dataset> builtins = new ConcurrentHashMap<>();

  public Datasets(DataRoots roots) {
    this(roots, DataLimits.DEFAULT);
  }

  public Datasets(DataRoots roots, DataLimits limits) {
    this.roots = roots;
    this.limits = limits;
    this.memory = new DataMemory(limits);
    this.tasks = new TaskFiles(roots, new ReadingBounds(limits, memory, 1, null, () -> false));
  }

  /** What rows, and tokens made of them, are booked against. */
  public DataMemory memory() {
    return memory;
  }

  /**
   * Reads a split. Texts are UTF-8; a file has up to 2 GiB uncompressed, 10,000,000 rows and about
   * a million characters a row.
   *
   * @throws InvalidInputException naming line and column of what is wrong; its parameter is told
   *     from the split, for example {@code file.label_column}; SPLIT_EMPTY if there is no row
   */
  public Dataset load(Split split) {
    return load(split, 0, null, () -> false);
  }

  /**
   * Reads a split, or just the rows of a sample.
   *
   * @param size rows that are needed: of a file, others that a sample of this size and seed does
   *     not choose may be left out, or be counted but not be readable; 0 for all
   * @param seed draws them of all; null for the first, behind which the file is read only as far as
   *     its labels want it
   * @param cancelled polled while reading, which then ends by a {@code CancellationException}
   * @throws InvalidInputException as {@link #load(Split)}
   */
  public Dataset load(Split split, int size, @Nullable Long seed, BooleanSupplier cancelled) {
    // Where a subset ends depends on how many rows there are, so it holds all.
    int wanted = split.subset() == null ? size : 0;
    ReadingBounds bounds = new ReadingBounds(limits, memory, wanted, seed, cancelled);
    Dataset dataset;
    if (split.source() instanceof BuiltinSplit builtin) {
      dataset = builtin(builtin, split);
    } else if (split.source() instanceof FileSplit file) {
      dataset =
          within(
              "file",
              () ->
                  read(
                      FileReading.strict(
                          roots.resolve(file.uri()), file, split.onlyLabels(), split.filters()),
                      bounds));
    } else {
      TaskSplit task = (TaskSplit) split.source();
      dataset =
          within("task", () -> read(tasks.open(task, split.onlyLabels(), split.filters()), bounds));
    }
    return subset(dataset, split.subset());
  }

  /**
   * Returns the file that a split is read from, empty for a built-in one.
   *
   * @throws InvalidInputException where there is none, or none that may be read
   */
  public Optional<Path> file(Split split) {
    if (split.source() instanceof FileSplit file) {
      return Optional.of(within("file", () -> roots.resolve(file.uri())));
    }
    return split.source() instanceof TaskSplit task
        ? Optional.of(within("task", () -> tasks.find(task)))
        : Optional.empty();
  }

  /**
   * Returns how the file of a task is read, as it was found out.
   *
   * @throws InvalidInputException where there is none, or it has none of the task's layouts
   */
  public FileSplit layout(TaskSplit task) {
    return within("task", () -> tasks.open(task, List.of(), List.of()).columns());
  }

  private Dataset builtin(BuiltinSplit builtin, Split split) {
    if (!split.filters().isEmpty()) {
      throw invalid(
          "FILTER_UNSUPPORTED", "filters", "a built-in split has no columns; use only_labels");
    }
    Dataset whole = builtins.computeIfAbsent(builtin.name(), Miniature::split);
    for (String label : split.onlyLabels()) {
      if (!whole.labels().contains(label)) {
        throw invalid(
            "LABEL_UNKNOWN",
            "only_labels",
            "there is no label '%s'; the labels are %s".formatted(label, whole.labels()));
      }
    }
    Dataset kept = split.onlyLabels().isEmpty() ? whole : whole.only(split.onlyLabels());
    if (kept.rows().isEmpty()) {
      throw noLabelled(split.onlyLabels());
    }
    return kept;
  }

  private static Dataset read(FileReading reading, ReadingBounds bounds) throws IOException {
    Dataset read;
    if (reading.columns().format() == FileFormat.PARQUET) {
      try (ParquetRows rows = ParquetRows.open(reading.path(), bounds)) {
        FileReading named = rows.named(reading);
        read = filled(named, bounds, rows::read);
      }
    } else {
      read =
          filled(
              reading,
              bounds,
              (named, dataset) -> {
                try (TextFile text = TextFile.open(reading.path(), bounds)) {
                  if (reading.columns().format() == FileFormat.JSON_LINES) {
                    new JsonLinesReader(reading, dataset).read(text);
                  } else {
                    new DelimitedReader(reading, dataset).read(text);
                  }
                }
              });
    }
    read.notices()
        .forEach(notice -> LOG.info("{}: {}", Quoted.of(reading.path().toString()), notice));
    return read;
  }

  /** Reads the rows of a file into a data set. */
  private interface Filling {
    void fill(FileReading reading, DatasetBuilder dataset) throws IOException;
  }

  private static Dataset filled(FileReading reading, ReadingBounds bounds, Filling filling)
      throws IOException {
    DatasetBuilder dataset = new DatasetBuilder(reading, bounds);
    boolean done = false;
    try {
      filling.fill(reading, dataset);
      Dataset read = dataset.build();
      done = true;
      return read;
    } finally {
      if (!done) {
        dataset.discard();
      }
    }
  }

  static InvalidInputException noLabelled(List<String> onlyLabels) {
    return invalid(
        "SPLIT_EMPTY", "only_labels", "no row has a label among %s".formatted(onlyLabels));
  }

  private static Dataset subset(Dataset dataset, @Nullable RandomSubset subset) {
    if (subset == null) {
      return dataset;
    }
    int[] kept = subset.rows(dataset.rows().size());
    if (kept.length == 0) {
      throw invalid(
          "SPLIT_EMPTY",
          "subset",
          String.format(
              Locale.ROOT,
              "%s to %s of %d rows is none; take a larger part",
              subset.fromFraction(),
              subset.toFraction(),
              dataset.rows().size()));
    }
    return dataset.at(kept);
  }

  /** Work that reads a file. */
  private interface Reading<T> {
    T run() throws IOException;
  }

  /** Tells what is wrong with a source as of it; labels and filters are the split's own. */
  private static <T> T within(String source, Reading<T> reading) {
    try {
      return reading.run();
    } catch (InvalidInputException e) {
      boolean ofSplit = e.parameter().equals("only_labels") || e.parameter().startsWith("filters");
      throw ofSplit ? e : e.within(source);
    } catch (EOFException | ZipException e) {
      throw MalformedFile.damaged("at its beginning").within(source);
    } catch (IOException e) {
      throw invalid(
          "FILE_UNREADABLE",
          source + ".uri",
          "the file cannot be read: %s".formatted(FileFault.of(e)));
    }
  }
}

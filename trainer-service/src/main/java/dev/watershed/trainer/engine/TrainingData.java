package dev.watershed.trainer.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.watershed.classifier.InvalidInputException;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.data.Dataset;
import dev.watershed.classifier.data.Datasets;
import dev.watershed.classifier.data.EncodedSample;
import dev.watershed.classifier.data.SampleSpec;
import dev.watershed.server.dataset.Samples;
import dev.watershed.type.v1.DatasetSplit;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Splits as rows and as tokens. Runs that differ by seed alone share them; they are forgotten when
 * memory is short and read anew when their file has changed.
 */
final class TrainingData {
  private static final int KEPT = 8;

  /** What rows were read from; {@code stamp} is null for a built-in split. */
  private record RowsKey(DatasetSplit split, @Nullable FileStamp stamp) {}

  private record TokensKey(RowsKey rows, String tokenizer, int maxTokens) {}

  private final Datasets datasets;
  private final DataRoots roots;
  private final Cache<RowsKey, Dataset> rows =
      Caffeine.newBuilder().maximumSize(KEPT).softValues().build();
  private final Cache<TokensKey, EncodedSample> tokens =
      Caffeine.newBuilder().maximumSize(KEPT).softValues().build();

  TrainingData(Datasets datasets, DataRoots roots) {
    this.datasets = datasets;
    this.roots = roots;
  }

  /**
   * Returns the rows of a split.
   *
   * @throws dev.watershed.classifier.InvalidInputException where they cannot be read as said
   */
  Dataset rows(DatasetSplit split) {
    return rows(key(split));
  }

  /** Returns all rows of a split as tokens. */
  EncodedSample tokens(DatasetSplit split, StartingPoint start, int maxTokens) {
    var rowsKey = key(split);
    return tokens.get(
        new TokensKey(rowsKey, start.tokenizerIdentity(), maxTokens),
        unused ->
            EncodedSample.draw(
                rows(rowsKey),
                new SampleSpec("split", Samples.split(split), 0, null, maxTokens),
                start.tokenizer(),
                start.architecture().encoder()));
  }

  private Dataset rows(RowsKey key) {
    return rows.get(
        key, unused -> ofFile(key.split(), () -> datasets.load(Samples.split(key.split()))));
  }

  private RowsKey key(DatasetSplit split) {
    try {
      if (!split.hasFile()) {
        return new RowsKey(split, null);
      }
      var file = ofFile(split, () -> roots.resolve(split.getFile().getUri()));
      return new RowsKey(split, FileStamp.of(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Tells what is wrong with a split's file as of its file. */
  private static <T> T ofFile(DatasetSplit split, Supplier<T> read) {
    try {
      return read.get();
    } catch (InvalidInputException e) {
      // The one parameter of a split that is not one of its source.
      throw split.hasFile() && !e.parameter().equals("only_labels") ? e.within("file") : e;
    }
  }
}

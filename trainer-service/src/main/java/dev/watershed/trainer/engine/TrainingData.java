package dev.watershed.trainer.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.data.Dataset;
import dev.watershed.classifier.data.Datasets;
import dev.watershed.classifier.data.EncodedSample;
import dev.watershed.classifier.data.PaddingSuspicion;
import dev.watershed.classifier.data.SampleSpec;
import dev.watershed.input.InvalidInputException;
import dev.watershed.server.dataset.ClassifierMessages;
import dev.watershed.server.dataset.Samples;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.SplitDescription;
import io.grpc.Context;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Splits as rows and as tokens. Runs that differ by seed alone share them; the largest are not
 * kept, and all are read anew when their file has changed.
 */
final class TrainingData {
  private static final int KEPT = 8;
  private static final int SHARE_KEPT = 4;
  private static final int KEPT_DIGESTS = 1000;

  /** What rows were read from; {@code stamp} is null for a built-in split. */
  private record RowsKey(DatasetSplit split, @Nullable FileStamp stamp) {}

  private record TokensKey(RowsKey rows, String tokenizer, int maxTokens) {}

  private final Datasets datasets;
  private final DataRoots roots;
  private final Cache<RowsKey, Dataset> rows;
  private final Cache<TokensKey, EncodedSample> tokens;
  private final Cache<RowsKey, Digest> digests =
      Caffeine.newBuilder().maximumSize(KEPT_DIGESTS).build();

  TrainingData(Datasets datasets, DataRoots roots) {
    this.datasets = datasets;
    this.roots = roots;
    this.rows = kept(datasets.memory().maximumBytes(), Dataset::storedBytes);
    this.tokens = kept(datasets.memory().maximumBytes(), EncodedSample::storedBytes);
  }

  /** Keeps a few, and no more bytes than leave room for others. */
  private static <K, V> Cache<K, V> kept(long memory, ToLongFunction<V> bytes) {
    long maximum = memory / SHARE_KEPT;
    return Caffeine.newBuilder()
        .maximumWeight(maximum)
        .weigher(
            (K key, V value) ->
                (int)
                    Math.min(Integer.MAX_VALUE, Math.max(maximum / KEPT, bytes.applyAsLong(value))))
        .build();
  }

  /**
   * Returns the rows of a split.
   *
   * @throws dev.watershed.input.InvalidInputException where they cannot be read as said
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
                start.architecture().encoder(),
                datasets.memory(),
                Context.current()::isCancelled));
  }

  /**
   * Returns what the rows of a split are.
   *
   * @param name what it is used for
   * @param labels in the order to be told in; empty for the data's own
   * @param padTokenId the model's, by which rows that seem padded are told
   */
  SplitDescription describe(String name, DatasetSplit split, List<String> labels, int padTokenId) {
    var key = key(split);
    var dataset = rows(key);
    var padding = new PaddingSuspicion(padTokenId);
    var description = SplitSummary.of(dataset, labels, padding::look).setName(name);
    var digest = digests.get(key, unused -> dataset.digest());
    description.setDigest(ClassifierMessages.digest(digest)).addAllNotices(padding.notices());
    if (key.stamp() != null) {
      description.setFile(roots.relativize(key.stamp().file()));
    }
    return description.build();
  }

  /** Returns the file that a split is read from now; empty where it is built in, or not there. */
  Optional<Path> file(DatasetSplit split) {
    try {
      return split.getSourceCase() == DatasetSplit.SourceCase.SOURCE_NOT_SET
          ? Optional.empty()
          : datasets.file(Samples.split(split));
    } catch (InvalidInputException e) {
      return Optional.empty();
    }
  }

  private Dataset rows(RowsKey key) {
    return rows.get(
        key,
        unused ->
            datasets.load(Samples.split(key.split()), 0, null, Context.current()::isCancelled));
  }

  private RowsKey key(DatasetSplit split) {
    try {
      var file = datasets.file(Samples.split(split));
      return new RowsKey(split, file.isPresent() ? FileStamp.of(file.get()) : null);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

package dev.watershed.eval.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.data.Dataset;
import dev.watershed.classifier.data.Datasets;
import dev.watershed.classifier.data.EncodedSample;
import dev.watershed.classifier.data.FileSplit;
import dev.watershed.classifier.data.LabelMapping;
import dev.watershed.classifier.data.SampleSpec;
import dev.watershed.classifier.model.PreparedSample;
import dev.watershed.classifier.text.EncodedExample;
import dev.watershed.classifier.text.Tokenizer;
import dev.watershed.server.RefusedException;
import dev.watershed.server.dataset.Samples;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Draws and encodes samples, each once for all models that read texts alike. */
final class SampleReader implements AutoCloseable {
  // Two arrays' headers, the record and its place in a list.
  private static final long EXAMPLE_BYTES = 80;
  private static final long TOKEN_BYTES = 8;

  private final Datasets datasets;
  private final Models models;
  private final EvaluationCounters counters;
  private final long maximumBytes;
  private final int paddedTokensPerBatch;
  // One data set is read at a time, however many calls want one: decision 15 says why.
  private final Schedule schedule = new Schedule("eval-samples", 1, 0);
  private final Cache<Key, EncodedSample> samples;

  /**
   * What the tokens and labels of a sample depend on.
   *
   * @param version of the file, empty for a built-in split: a changed file is another one
   * @param tokenizer names how texts are read; empty for rows of ids
   */
  private record Key(SampleSpec spec, String version, String tokenizer, EncoderConfig encoder) {}

  SampleReader(
      Datasets datasets,
      Models models,
      EvaluationCounters counters,
      long maximumBytes,
      int paddedTokensPerBatch) {
    this.datasets = datasets;
    this.models = models;
    this.counters = counters;
    this.maximumBytes = maximumBytes;
    this.paddedTokensPerBatch = paddedTokensPerBatch;
    this.samples =
        Caffeine.newBuilder()
            .maximumWeight(maximumBytes)
            .weigher(
                (Key key, EncodedSample sample) -> (int) Math.min(Integer.MAX_VALUE, bytes(sample)))
            .build();
  }

  /**
   * Returns a sample as models read it.
   *
   * @param field of the request that describes the sample, for errors
   * @param fitting models whose weights fit each other; refused where there are texts to read and
   *     they read them differently
   */
  MeasuredSample draw(
      AskedSample sample, String field, List<Model> fitting, BooleanSupplier cancelled)
      throws InterruptedException {
    SampleSpec spec = sample.spec();
    Model model = fitting.get(0);
    boolean hasTexts = !spec.split().isPreTokenised();
    Key key =
        new Key(
            new SampleSpec(
                "", spec.split(), spec.skip(), spec.size(), spec.seed(), spec.maxTokens()),
            Samples.within(field + ".split", () -> version(spec)),
            hasTexts ? models.reading(model) : "",
            model.architecture().encoder());
    EncodedSample encoded = samples.getIfPresent(key);
    if (encoded == null) {
      encoded =
          schedule.run(
              Schedule.Needs.NOTHING,
              cancelled,
              turn -> samples.get(key, missing -> encode(spec, field, fitting, turn::isUnwanted)));
    }
    if (hasTexts) {
      models.requireReadingAlike(fitting);
    }
    if (encoded.labels().isEmpty()) {
      throw RefusedException.invalidArgument(
          "DATA_UNLABELLED",
          field
              + (spec.split().source() instanceof FileSplit
                  ? ".split.file.label_column"
                  : ".split"),
          "the rows have no labels, so there is no loss to measure; name the column that has them");
    }
    EncodedSample drawn = encoded;
    LabelMapping mapping =
        Samples.within(field, () -> sample.mapping(drawn.labels(), model.architecture().labels()));
    int[] lengths = drawn.examples().stream().mapToInt(EncodedExample::length).toArray();
    return new MeasuredSample(
        spec.name(),
        drawn,
        mapping,
        sample.labels(),
        PreparedSample.nativeBytes(lengths, paddedTokensPerBatch));
  }

  /** Refuses samples that take more than may be kept: a call holds its own until it ends. */
  void requireFitting(List<MeasuredSample> samplesOfACall) {
    long bytes = samplesOfACall.stream().mapToLong(sample -> bytes(sample.encoded())).sum();
    if (bytes > maximumBytes) {
      throw RefusedException.invalidArgument(
          "SAMPLES_TOO_LARGE",
          "samples",
          String.format(
              Locale.ROOT,
              "the first %d take %d bytes, a call may hold %d; ask for smaller samples or for fewer at a time, or raise watershed.eval.sample-memory",
              samplesOfACall.size(),
              bytes,
              maximumBytes));
    }
  }

  private EncodedSample encode(
      SampleSpec spec, String field, List<Model> fitting, BooleanSupplier unwanted) {
    counters.countSampleDrawn();
    try (Dataset dataset =
            Samples.within(
                field + ".split",
                () -> datasets.load(spec.split(), spec.needed(), spec.seed(), unwanted));
        Tokenizer tokenizer = tokenizer(spec, fitting)) {
      Model model = fitting.get(0);
      return Samples.within(
          field,
          () ->
              EncodedSample.draw(
                  dataset,
                  spec,
                  tokenizer,
                  model.architecture().encoder(),
                  datasets.memory(),
                  unwanted));
    }
  }

  /** Null where the rows are ids, which need none. */
  private @Nullable Tokenizer tokenizer(SampleSpec spec, List<Model> fitting) {
    if (spec.split().isPreTokenised()) {
      return null;
    }
    models.requireReadingAlike(fitting);
    return models.tokenizer(fitting.get(0));
  }

  private String version(SampleSpec spec) {
    Path path = datasets.file(spec.split()).orElse(null);
    if (path == null) {
      return "";
    }
    try {
      var attributes = Files.readAttributes(path, BasicFileAttributes.class);
      return String.format(
          Locale.ROOT,
          "%s %s %d %s",
          path,
          attributes.fileKey(),
          attributes.size(),
          attributes.lastModifiedTime());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long bytes(EncodedSample sample) {
    return EXAMPLE_BYTES * sample.examples().size() + TOKEN_BYTES * sample.tokenCount();
  }

  /** To be called when a call that may wait here was cancelled. */
  void wake() {
    schedule.wake();
  }

  @Override
  public void close() {
    schedule.close();
  }
}

package dev.watershed.classifier.data;

import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.text.EncodedExample;
import dev.watershed.classifier.text.Tokenizer;
import java.util.List;

/**
 * The examples of a sample as token ids.
 *
 * @param examples in the order of the split's rows; labels are indices into {@code labels}
 * @param labels the data's labels
 * @param digest names the exact tokens and labels
 * @param tokenCount tokens of all examples, special ones included, without padding
 * @param truncatedCount examples that were cut to the limit
 */
public record EncodedSample(
    List<EncodedExample> examples,
    List<String> labels,
    Digest digest,
    long tokenCount,
    int truncatedCount) {
  public EncodedSample {
    examples = List.copyOf(examples);
    labels = List.copyOf(labels);
  }

  /** Draws and encodes a sample for models of one configuration. */
  public static EncodedSample draw(
      Dataset dataset, SampleSpec spec, Tokenizer tokenizer, EncoderConfig encoder) {
    throw new UnsupportedOperationException("" + dataset + spec + tokenizer + encoder);
  }
}

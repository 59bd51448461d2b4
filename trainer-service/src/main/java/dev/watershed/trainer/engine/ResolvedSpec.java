package dev.watershed.trainer.engine;

import com.google.protobuf.CodedOutputStream;
import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.type.v1.SplitDescription;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What a spec comes to.
 *
 * @param spec with every default filled in
 * @param splits the rows it is trained and validated on
 * @param startDigest names what a run takes from its start that the spec does not say: SHA-256 of
 *     the initial checkpoint's content, or of the tokenizer of random weights
 * @param notices what should be known of the start, for people: its tokenizer, its head
 */
public record ResolvedSpec(
    TrainingRunSpec spec, List<SplitDescription> splits, String startDigest, List<String> notices) {
  /** The numbers that the seeds had in a spec. */
  private static final int HEAD_SEED = 6;

  private static final int DATA_SEED = 7;

  public ResolvedSpec {
    splits = List.copyOf(splits);
    notices = List.copyOf(notices);
  }

  /** Returns the optimiser steps of both stages. */
  public long totalSteps() {
    return SpecResolver.totalSteps(spec.getRecipe());
  }

  /**
   * Names the bits of a run's result: SHA-256, hexadecimal, over the spec but for its display name,
   * the seeds, the content begun with and the rows. Runs of the same identity differ in name alone.
   *
   * <p>The bytes are those of versions whose specs held the seeds, so that a sweep that one of them
   * began is found.
   */
  public String identity(Seeds seeds) {
    var bytes = new ByteArrayOutputStream();
    var output = CodedOutputStream.newInstance(bytes);
    try {
      bytes.write(("run/1\n" + startDigest + "\n").getBytes(StandardCharsets.UTF_8));
      for (var split : splits) {
        bytes.write(
            (split.getName() + " " + split.getDigest().getSha256() + "\n")
                .getBytes(StandardCharsets.UTF_8));
      }
      output.useDeterministicSerialization();
      var anonymous = spec.toBuilder().clearDisplayName().build();
      beforeSeeds(anonymous).writeTo(output);
      output.writeInt64(HEAD_SEED, seeds.getHeadSeed());
      output.writeInt64(DATA_SEED, seeds.getDataSeed());
      anonymous.toBuilder().clearInitial().clearObjective().build().writeTo(output);
      output.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot happen in memory", e);
    }
    return Digest.of(bytes.toByteArray()).sha256();
  }

  /** What has lower numbers than the seeds had. */
  private static TrainingRunSpec beforeSeeds(TrainingRunSpec spec) {
    var alone = TrainingRunSpec.newBuilder();
    for (var field : spec.getAllFields().entrySet()) {
      if (field.getKey().getNumber() < HEAD_SEED) {
        alone.setField(field.getKey(), field.getValue());
      }
    }
    return alone.build();
  }
}

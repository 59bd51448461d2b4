package dev.watershed.analysis.study.findings;

import dev.watershed.analysis.statistics.SampleGrowth;
import dev.watershed.analysis.statistics.SamplePlan;
import dev.watershed.analysis.store.Measurements.Block;
import dev.watershed.analysis.v1.GrownSample;
import dev.watershed.analysis.v1.GrownSampleOrBuilder;
import dev.watershed.analysis.v1.SampleBlock;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Says how an in-domain sample grew. */
final class GrownSamples {
  private GrownSamples() {}

  /**
   * @param first examples of the first block
   * @param later the blocks after it
   * @param widest half the width of the widest interval over all; NaN where there is none
   * @param rows of the split
   */
  static GrownSample of(SampleGrowth rule, int first, List<Block> later, double widest, int rows) {
    var grown =
        GrownSample.newBuilder()
            .setReached(rule.reached(widest))
            .setMostExampleCount(Math.min(rule.mostExamples(), rows));
    int examples = first;
    for (var block : later) {
      grown.addBlocks(block(examples, block.halfWidthBefore()));
      examples = block.exampleCount();
    }
    grown.addBlocks(block(examples, widest));
    return grown.setSentence(sentence(rule, grown, widest)).build();
  }

  private static SampleBlock block(int examples, double widest) {
    return SampleBlock.newBuilder().setExampleCount(examples).setHalfWidthNats(widest).build();
  }

  private static String sentence(SampleGrowth rule, GrownSampleOrBuilder grown, double widest) {
    if (Double.isNaN(widest)) {
      return "No convexity gap has an interval, so that the sample was not grown until they are"
          + " narrow.";
    }
    int examples = grown.getBlocksList().stream().mapToInt(SampleBlock::getExampleCount).sum();
    var said =
        String.format(
            Locale.ROOT,
            "%s %s examples%s",
            grown.getReached()
                ? "The widest interval of a convexity gap is +-%s nats, of +-%s asked, with"
                    .formatted(Finding.number(widest), rule.halfWidth())
                : "The widest interval of a convexity gap is +-%s nats, not +-%s: the sample came to its"
                    .formatted(Finding.number(widest), rule.halfWidth()),
            examples,
            blocks(grown));
    if (grown.getReached()) {
      return said + ".";
    }
    return said
        + (grown.getMostExampleCount() < rule.mostExamples()
            ? " before, all that the split has."
            : " before.")
        + " It would take about "
        + SamplePlan.examples(examples, widest, rule.halfWidth())
        + ".";
  }

  private static String blocks(GrownSampleOrBuilder grown) {
    return grown.getBlocksCount() == 1
        ? ""
        : grown.getBlocksList().stream()
            .map(block -> Integer.toString(block.getExampleCount()))
            .collect(Collectors.joining(" + ", " in " + grown.getBlocksCount() + " blocks (", ")"));
  }
}

package dev.watershed.eval.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.watershed.eval.plan.PointKey;
import org.jspecify.annotations.Nullable;

/**
 * Points that are known. Losses and probabilities of single examples are kept only for points that
 * were asked for with them: they weigh more than all else, and few callers want them.
 */
final class PointCache {
  // Bytes of a key and an entry without examples: records, list and map nodes; digests are shared.
  private static final int ENTRY_BYTES = 400;
  private static final int TERM_BYTES = 40;

  private final Cache<PointKey, Point> points;

  PointCache(long maximumBytes) {
    points =
        Caffeine.newBuilder()
            .maximumWeight(maximumBytes)
            .weigher(PointCache::bytes)
            .executor(Runnable::run)
            .build();
  }

  /**
   * Returns a known point, or null. One kept without the losses or probabilities that are wanted is
   * not known to who wants them; who does not want them never gets them.
   */
  @Nullable Point find(PointKey key, ExampleDetails wanted) {
    Point point = points.getIfPresent(key);
    if (point == null || !point.has(wanted)) {
      return null;
    }
    return new Point(
        point.scores(),
        wanted.losses() ? point.exampleLossesNats() : null,
        wanted.probabilities() ? point.exampleProbabilities() : null,
        true);
  }

  /**
   * Keeps a point; what it lacks of one that is known stays known, for equal keys have equal bits.
   */
  void put(PointKey key, Point point) {
    points
        .asMap()
        .merge(
            key,
            new Point(
                point.scores(), point.exampleLossesNats(), point.exampleProbabilities(), true),
            (known, added) ->
                new Point(
                    added.scores(),
                    added.exampleLossesNats() == null
                        ? known.exampleLossesNats()
                        : added.exampleLossesNats(),
                    added.exampleProbabilities() == null
                        ? known.exampleProbabilities()
                        : added.exampleProbabilities(),
                    true));
  }

  private static int bytes(PointKey key, Point point) {
    double[] losses = point.exampleLossesNats();
    float[] probabilities = point.exampleProbabilities();
    long bytes =
        ENTRY_BYTES
            + (long) TERM_BYTES * key.weights().terms().size()
            + (key.mapping() == null ? 0 : key.mapping().characters())
            + (losses == null ? 0 : 8L * losses.length)
            + (probabilities == null ? 0 : 4L * probabilities.length);
    return (int) Math.min(Integer.MAX_VALUE, bytes);
  }
}

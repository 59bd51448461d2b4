package dev.watershed.eval.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.watershed.eval.plan.PointKey;
import org.jspecify.annotations.Nullable;

/**
 * Points that are known. Losses of single examples are kept only for points that were asked for
 * with them: they weigh more than all else, and few callers want them.
 */
final class PointCache {
  // Bytes of a key and an entry without losses: records, list and map nodes; digests are shared.
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
   * Returns a known point, or null. One kept without losses is not known to who wants them; who
   * does not want them never gets them.
   */
  @Nullable Point find(PointKey key, boolean withLosses) {
    Point point = points.getIfPresent(key);
    if (point == null || withLosses == (point.exampleLossesNats() != null)) {
      return point;
    }
    return withLosses ? null : new Point(point.scores(), null, true);
  }

  void put(PointKey key, Point point) {
    points.put(key, new Point(point.scores(), point.exampleLossesNats(), true));
  }

  private static int bytes(PointKey key, Point point) {
    double[] losses = point.exampleLossesNats();
    long bytes =
        ENTRY_BYTES
            + (long) TERM_BYTES * key.weights().terms().size()
            + (key.mapping() == null ? 0 : key.mapping().characters())
            + (losses == null ? 0 : 8L * losses.length);
    return (int) Math.min(Integer.MAX_VALUE, bytes);
  }
}

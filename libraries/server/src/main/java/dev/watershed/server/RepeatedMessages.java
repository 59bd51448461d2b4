package dev.watershed.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;

/**
 * Lets a warning or an error into the log a few times a minute and drops the rest, so that a
 * lasting fault, such as a full disk, does not fill the log.
 */
public final class RepeatedMessages extends TurboFilter {
  private static final int A_MINUTE = 3;
  private static final long WINDOW_NANOS = 60_000_000_000L;
  private static final int KEPT = 1000;

  /** Libraries put what changes into the text itself. */
  private static final int COMPARED_CHARACTERS = 30;

  private final LongSupplier nanos;
  private final Map<String, Window> windows =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Window> eldest) {
          return size() > KEPT;
        }
      };

  private static final class Window {
    private final long start;
    private int count;

    private Window(long start) {
      this.start = start;
    }
  }

  /** For logback. */
  public RepeatedMessages() {
    this(System::nanoTime);
  }

  RepeatedMessages(LongSupplier nanos) {
    this.nanos = nanos;
  }

  @Override
  public FilterReply decide(
      @Nullable Marker marker,
      Logger logger,
      Level level,
      @Nullable String format,
      Object @Nullable [] parameters,
      @Nullable Throwable thrown) {
    if (format == null
        || !level.isGreaterOrEqual(Level.WARN)
        || !level.isGreaterOrEqual(logger.getEffectiveLevel())) {
      return FilterReply.NEUTRAL;
    }
    String key =
        logger.getName()
            + " "
            + format.substring(0, Math.min(format.length(), COMPARED_CHARACTERS));
    synchronized (windows) {
      long now = nanos.getAsLong();
      Window window = windows.get(key);
      if (window == null || now - window.start > WINDOW_NANOS) {
        window = new Window(now);
        windows.put(key, window);
      }
      window.count++;
      return window.count > A_MINUTE ? FilterReply.DENY : FilterReply.NEUTRAL;
    }
  }
}

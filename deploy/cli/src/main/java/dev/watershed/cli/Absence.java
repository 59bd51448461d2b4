package dev.watershed.cli;

import dev.watershed.cli.terminal.Durations;
import dev.watershed.client.Reattach;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Tells a person that the server has gone silent and is waited for, and when it is back: once for
 * however many streams follow it. Thread-safe.
 */
final class Absence implements Reattach.Absence {
  private final Consumer<String> say;
  private final LongSupplier nanoTime;
  private OptionalLong since = OptionalLong.empty();

  /**
   * @param say writes a line
   */
  Absence(Consumer<String> say) {
    this(say, System::nanoTime);
  }

  Absence(Consumer<String> say, LongSupplier nanoTime) {
    this.say = say;
    this.nanoTime = nanoTime;
  }

  /** A stream broke off, or its connection gave no sign of life any more. */
  @Override
  public synchronized void begin() {
    if (since.isEmpty()) {
      since = OptionalLong.of(nanoTime.getAsLong());
      say.accept(
          "The server does not answer; waiting for it. What it works on goes on without us.");
    }
  }

  /** A message came. */
  @Override
  public synchronized void end() {
    if (since.isPresent()) {
      double seconds = (nanoTime.getAsLong() - since.getAsLong()) / 1e9;
      since = OptionalLong.empty();
      say.accept("The server answers again, after " + Durations.text(seconds) + ".");
    }
  }
}

package dev.watershed.cli;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a command has written, and what is to be done when it writes something for the first time.
 */
public final class Heard extends OutputStream {
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();
  private final Map<String, Runnable> waiting = new LinkedHashMap<>();

  /** Does something as soon as a text has been written, before the command goes on. */
  public synchronized Heard on(String text, Runnable action) {
    waiting.put(text, action);
    return this;
  }

  public String text() {
    return said.toString(StandardCharsets.UTF_8);
  }

  @Override
  public synchronized void write(int b) {
    said.write(b);
    for (String text : waiting.keySet()) {
      if (text().endsWith(text)) {
        waiting.remove(text).run();
        return;
      }
    }
  }
}

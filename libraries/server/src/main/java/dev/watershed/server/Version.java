package dev.watershed.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Properties;

/** The version of Watershed that runs. */
public final class Version {
  /** For example {@code 0.1.0}. */
  public static final String CURRENT = read();

  private Version() {}

  private static String read() {
    try (var in = Version.class.getResourceAsStream("version.properties")) {
      if (in == null) {
        throw new IllegalStateException("version.properties is missing from the server's jar");
      }
      var properties = new Properties();
      properties.load(in);
      return properties.getProperty("version");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

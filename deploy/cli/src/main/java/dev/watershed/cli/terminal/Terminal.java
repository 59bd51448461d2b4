package dev.watershed.cli.terminal;

import java.io.PrintStream;
import java.nio.charset.Charset;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The two streams a command writes to and what they can show. Results go to {@link #out()},
 * everything else to {@link #err()}, so that output can be piped.
 *
 * @param out standard output
 * @param err standard error
 * @param interactiveOut whether a person reads standard output directly
 * @param interactiveErr whether a person reads standard error directly
 * @param colours whether colours are wanted on an interactive stream
 * @param unicode whether characters beyond ASCII can be written
 * @param columns width in characters
 */
public record Terminal(
    PrintStream out,
    PrintStream err,
    boolean interactiveOut,
    boolean interactiveErr,
    boolean colours,
    boolean unicode,
    int columns) {

  private static final int DEFAULT_COLUMNS = 100;

  /**
   * The terminal of this process. The launcher says in system properties which streams are
   * terminals, since Java tells it only of both together.
   */
  public static Terminal ofProcess(Map<String, String> variables) {
    String noColor = variables.getOrDefault("NO_COLOR", "");
    boolean dumb = "dumb".equals(variables.get("TERM"));
    Charset charset = System.out.charset();
    return new Terminal(
        System.out,
        System.err,
        Boolean.getBoolean("terminal.out"),
        Boolean.getBoolean("terminal.err") && !dumb,
        noColor.isEmpty() && !dumb,
        charset.newEncoder().canEncode('█'),
        columns(System.getProperty("terminal.columns")));
  }

  private static int columns(@Nullable String text) {
    try {
      int columns = text == null ? DEFAULT_COLUMNS : Integer.parseInt(text);
      return columns >= 20 && columns <= 1000 ? columns : DEFAULT_COLUMNS;
    } catch (NumberFormatException e) {
      return DEFAULT_COLUMNS;
    }
  }

  /** Whether standard output may carry colours. */
  public boolean colouredOut() {
    return interactiveOut && colours;
  }
}

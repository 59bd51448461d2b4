package dev.watershed.cli;

import java.util.LinkedHashMap;
import java.util.Map;

/** How a command ends. */
public final class ExitCode {
  /** All went well. */
  public static final int OK = 0;

  /** A run or study failed, or the server erred. */
  public static final int FAILED = 1;

  /** The command line or the input is wrong; trying again without a change is useless. */
  public static final int BAD_INPUT = 2;

  /** No server answers at the address. */
  public static final int UNREACHABLE = 3;

  /** Cancelled, or detached by Ctrl-C. */
  public static final int CANCELLED = 130;

  private ExitCode() {}

  public static Map<String, String> descriptions() {
    Map<String, String> descriptions = new LinkedHashMap<>();
    descriptions.put(" 0", "all went well");
    descriptions.put(" 1", "a run or study failed, or the server erred");
    descriptions.put(" 2", "wrong usage or bad input; change something before trying again");
    descriptions.put(" 3", "no server answers at the address");
    descriptions.put("130", "cancelled, or detached by Ctrl-C");
    return descriptions;
  }
}

package dev.watershed.input;

import java.io.IOException;
import org.apache.commons.csv.CSVException;

/** Why a text cannot be cut into cells, for people. */
public final class CsvFault {
  private CsvFault() {}

  /** Returns a sentence without the parser's own counting of lines, which differs from a file's. */
  public static String of(IOException thrown) {
    if (!(thrown instanceof CSVException)) {
      return FileFault.of(thrown);
    }
    return String.valueOf(thrown.getMessage()).contains("EOF")
        ? "a quotation mark opens a cell and none closes it"
        : "something other than a comma follows the quotation mark that closes a cell; one inside"
            + " a cell is written twice";
  }
}

package dev.watershed.analysis.report;

import dev.watershed.analysis.v1.StudyReport;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/** A study's report as files: a self-contained page, JSON, and CSV tables. */
public final class StudyReportFiles {
  private StudyReportFiles() {}

  /** Returns the names of the files, the page first. */
  public static List<String> names() {
    return List.of("report.html", "report.json", "models.csv", "pairs.csv", "curves.csv");
  }

  /**
   * Writes one file in UTF-8; does not close {@code out}.
   *
   * @param name one of {@link #names()}
   * @throws IllegalArgumentException for another name
   */
  public static void write(String name, StudyReport report, OutputStream out) throws IOException {
    throw new IllegalArgumentException(name + " for " + report.getStudy() + " to " + out);
  }
}

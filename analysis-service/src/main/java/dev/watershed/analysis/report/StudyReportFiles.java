package dev.watershed.analysis.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.util.JsonFormat;
import dev.watershed.analysis.v1.Diagnostic;
import dev.watershed.analysis.v1.StudyReport;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.util.ArrayList;
import java.util.List;

/** A study's report as files: a self-contained page, JSON, and tables as CSV and Parquet. */
public final class StudyReportFiles {
  private static final String PAGE = "report.html";
  private static final String JSON = "report.json";
  private static final String MODELS = "models.csv";
  private static final String PAIRS = "pairs.csv";
  private static final String CURVES = "curves.csv";
  private static final String PARQUET_POINTS = "points.parquet";
  private static final String PARQUET_PAIRS = "pairs.parquet";
  private static final String DIAGNOSTIC_CURVES = "diagnostic_curves.csv";
  private static final String PARQUET_DIAGNOSTIC_POINTS = "diagnostic_points.parquet";

  private StudyReportFiles() {}

  /** Returns the names of a report's files, the page first. */
  public static List<String> names(StudyReport report) {
    var names =
        new ArrayList<>(List.of(PAGE, JSON, MODELS, PAIRS, CURVES, PARQUET_POINTS, PARQUET_PAIRS));
    if (report.getSpec().getDiagnosticsList().stream().anyMatch(Diagnostic::getAlongCurves)) {
      names.add(DIAGNOSTIC_CURVES);
      names.add(PARQUET_DIAGNOSTIC_POINTS);
    }
    return names;
  }

  /**
   * Writes one file, texts in UTF-8; flushes but does not close {@code out}.
   *
   * @param name one of {@link #names}
   * @param report of a study that succeeded; its texts may be hostile
   * @throws IllegalArgumentException for another name
   */
  public static void write(String name, StudyReport report, OutputStream out) throws IOException {
    var writer = new BufferedWriter(new OutputStreamWriter(out, UTF_8));
    switch (name) {
      case PAGE -> ReportPage.write(report, writer);
      case JSON -> JsonFormat.printer().alwaysPrintFieldsWithNoPresence().appendTo(report, writer);
      case MODELS -> new ReportTables(report).models(writer);
      case PAIRS -> new ReportTables(report).pairs(writer);
      case CURVES -> new ReportTables(report).curves(writer);
      case PARQUET_POINTS -> new ParquetTables(report).points(out);
      case PARQUET_PAIRS -> new ParquetTables(report).pairs(out);
      case DIAGNOSTIC_CURVES -> new ReportTables(report).diagnosticCurves(writer);
      case PARQUET_DIAGNOSTIC_POINTS -> new ParquetTables(report).diagnosticPoints(out);
      default ->
          throw new IllegalArgumentException(
              "No file \"" + name + "\"; a report has " + String.join(", ", names(report)) + ".");
    }
    writer.flush();
  }
}

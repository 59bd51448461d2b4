package dev.watershed.analysis.store;

import com.google.protobuf.ByteString;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.jobs.Database;
import dev.watershed.jobs.StoreException;
import dev.watershed.server.Pages;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Reports of studies that succeeded. A report is kept as several messages of its type, which merge
 * to the whole: one without pairs, then some of the pairs each, so that a page of pairs is read
 * without the others.
 *
 * <p>Every method throws {@link StoreException} when the database cannot be used.
 */
@Singleton
public final class ReportStore {
  /** H2 holds a mebibyte in a binary column. */
  private static final int PART_BYTES = 1 << 19;

  private final Database database;

  ReportStore(@Named("analysis") DataSource dataSource) {
    this.database = new Database(dataSource);
  }

  /**
   * Some pairs of a report.
   *
   * @param total pairs of the report
   */
  public record PairPage(List<PairReport> pairs, int total) {}

  /**
   * A part of a report.
   *
   * @param pairs of the message that begins with this part; null where the part goes on with the
   *     message before, and in all parts of a report of before there were messages
   */
  private record Part(int part, @Nullable Integer pairs) {}

  static void insert(Handle handle, long study, StudyReport report) {
    int part = insert(handle, study, 0, report.toBuilder().clearPairs().build());
    for (var pairs : Pages.parts(report.getPairsList(), PART_BYTES)) {
      part = insert(handle, study, part, StudyReport.newBuilder().addAllPairs(pairs).build());
    }
  }

  private static int insert(Handle handle, long study, int firstPart, StudyReport message) {
    var bytes = message.toByteString();
    int part = firstPart;
    for (int from = 0; from < bytes.size(); from += PART_BYTES, part++) {
      int to = Math.min(bytes.size(), from + PART_BYTES);
      handle.execute(
          "INSERT INTO study_report (study, part, content, pairs) VALUES (?, ?, ?, ?)",
          study,
          part,
          bytes.substring(from, to).toByteArray(),
          from == 0 ? message.getPairsCount() : null);
    }
    return part;
  }

  /** Returns a study's whole report, empty where it has none. */
  public Optional<StudyReport> find(long study) {
    return database.transact(handle -> read(handle, study, 0, Integer.MAX_VALUE));
  }

  /** Returns a study's report without its pairs, empty where it has none. */
  public Optional<StudyReport> findWithoutPairs(long study) {
    return database.transact(
        handle -> {
          var parts = parts(handle, study);
          int end =
              parts.stream()
                  .filter(part -> part.pairs() != null && part.part() > 0)
                  .mapToInt(Part::part)
                  .findFirst()
                  .orElse(Integer.MAX_VALUE);
          return read(handle, study, 0, end).map(report -> report.toBuilder().clearPairs().build());
        });
  }

  /**
   * Returns pairs of a study's report, as many as asked for or fit a message.
   *
   * @param from index of the first
   */
  public PairPage pairs(long study, int from, int limit) {
    return database.transact(
        handle -> {
          var parts = parts(handle, study);
          if (parts.isEmpty() || parts.getFirst().pairs() == null) {
            var all =
                read(handle, study, 0, Integer.MAX_VALUE)
                    .orElse(StudyReport.getDefaultInstance())
                    .getPairsList();
            var page = all.subList(Math.min(from, all.size()), all.size());
            return new PairPage(fitting(page, limit), all.size());
          }
          return page(handle, study, parts, from, limit);
        });
  }

  private static PairPage page(Handle handle, long study, List<Part> parts, int from, int limit) {
    var starts = parts.stream().filter(part -> part.pairs() != null).toList();
    var found = new ArrayList<PairReport>();
    long bytes = 0;
    int passed = 0;
    for (int i = 0; i < starts.size(); i++) {
      int count = starts.get(i).pairs() == null ? 0 : starts.get(i).pairs();
      boolean wanted = passed + count > from && found.size() < limit && bytes < Pages.MOST_BYTES;
      if (wanted) {
        int end = i + 1 < starts.size() ? starts.get(i + 1).part() : Integer.MAX_VALUE;
        var message =
            read(handle, study, starts.get(i).part(), end).orElse(StudyReport.getDefaultInstance());
        found.addAll(
            message.getPairsList().subList(Math.max(0, from - passed), message.getPairsCount()));
        bytes += message.getSerializedSize();
      }
      passed += count;
    }
    return new PairPage(fitting(found, limit), passed);
  }

  private static List<PairReport> fitting(List<PairReport> pairs, int limit) {
    return Pages.fitting(pairs.subList(0, Math.min(limit, pairs.size())));
  }

  private static List<Part> parts(Handle handle, long study) {
    return handle
        .select("SELECT part, pairs FROM study_report WHERE study = ? ORDER BY part", study)
        .map((row, context) -> new Part(row.getInt(1), (Integer) row.getObject(2)))
        .list();
  }

  /** Merges what begins in some parts; empty where there are none. */
  private static Optional<StudyReport> read(Handle handle, long study, int firstPart, int endPart) {
    var parts =
        handle
            .select(
                "SELECT content FROM study_report WHERE study = ? AND part >= ? AND part < ?"
                    + " ORDER BY part",
                study,
                firstPart,
                endPart)
            .map((row, context) -> ByteString.copyFrom(row.getBytes(1)))
            .list();
    return parts.isEmpty()
        ? Optional.empty()
        : Optional.of(
            Database.parse(StudyReport.parser(), ByteString.copyFrom(parts).toByteArray()));
  }
}

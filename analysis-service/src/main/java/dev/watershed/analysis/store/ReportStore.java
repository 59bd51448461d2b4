package dev.watershed.analysis.store;

import static dev.watershed.analysis.store.Sql.query;
import static dev.watershed.analysis.store.Sql.update;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.server.Pages;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
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

  private final DataSource dataSource;

  ReportStore(@Named("analysis") DataSource dataSource) {
    this.dataSource = dataSource;
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

  static void insert(Connection connection, long study, StudyReport report) throws SQLException {
    int part = insert(connection, study, 0, report.toBuilder().clearPairs().build());
    for (var pairs : Pages.parts(report.getPairsList(), PART_BYTES)) {
      part = insert(connection, study, part, StudyReport.newBuilder().addAllPairs(pairs).build());
    }
  }

  private static int insert(Connection connection, long study, int firstPart, StudyReport message)
      throws SQLException {
    var bytes = message.toByteString();
    int part = firstPart;
    for (int from = 0; from < bytes.size(); from += PART_BYTES, part++) {
      int to = Math.min(bytes.size(), from + PART_BYTES);
      update(
          connection,
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
    return Sql.inTransaction(
        dataSource, connection -> read(connection, study, 0, Integer.MAX_VALUE));
  }

  /** Returns a study's report without its pairs, empty where it has none. */
  public Optional<StudyReport> findWithoutPairs(long study) {
    return Sql.inTransaction(
        dataSource,
        connection -> {
          var parts = parts(connection, study);
          int end =
              parts.stream()
                  .filter(part -> part.pairs() != null && part.part() > 0)
                  .mapToInt(Part::part)
                  .findFirst()
                  .orElse(Integer.MAX_VALUE);
          return read(connection, study, 0, end)
              .map(report -> report.toBuilder().clearPairs().build());
        });
  }

  /**
   * Returns pairs of a study's report, as many as asked for or fit a message.
   *
   * @param from index of the first
   */
  public PairPage pairs(long study, int from, int limit) {
    return Sql.inTransaction(
        dataSource,
        connection -> {
          var parts = parts(connection, study);
          if (parts.isEmpty() || parts.getFirst().pairs() == null) {
            var all =
                read(connection, study, 0, Integer.MAX_VALUE)
                    .orElse(StudyReport.getDefaultInstance())
                    .getPairsList();
            var page = all.subList(Math.min(from, all.size()), all.size());
            return new PairPage(fitting(page, limit), all.size());
          }
          return page(connection, study, parts, from, limit);
        });
  }

  private static PairPage page(
      Connection connection, long study, List<Part> parts, int from, int limit)
      throws SQLException, InvalidProtocolBufferException {
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
            read(connection, study, starts.get(i).part(), end)
                .orElse(StudyReport.getDefaultInstance());
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

  private static List<Part> parts(Connection connection, long study)
      throws SQLException, InvalidProtocolBufferException {
    return query(
        connection,
        "SELECT part, pairs FROM study_report WHERE study = ? ORDER BY part",
        row -> new Part(row.getInt(1), (Integer) row.getObject(2)),
        study);
  }

  /** Merges what begins in some parts; empty where there are none. */
  private static Optional<StudyReport> read(
      Connection connection, long study, int firstPart, int endPart)
      throws SQLException, InvalidProtocolBufferException {
    var parts =
        query(
            connection,
            "SELECT content FROM study_report WHERE study = ? AND part >= ? AND part < ?"
                + " ORDER BY part",
            row -> ByteString.copyFrom(row.getBytes(1)),
            study,
            firstPart,
            endPart);
    return parts.isEmpty()
        ? Optional.empty()
        : Optional.of(StudyReport.parseFrom(ByteString.copyFrom(parts)));
  }
}

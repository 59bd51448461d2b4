package dev.watershed.analysis.report;

import dev.watershed.analysis.v1.Interval;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyReport;
import java.io.IOException;
import java.io.OutputStream;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/**
 * A report's curves and pairs as Parquet, in long format: one row an observation, its models and
 * basins named in it. What does not exist is null; numbers are doubles as they were computed.
 * Uncompressed, with dictionaries, so that any reader takes them.
 */
final class ParquetTables {
  private static final MessageType POINTS =
      MessageTypeParser.parseMessageType(
          """
          message point {
            required binary model_a (STRING);
            required binary model_b (STRING);
            required binary label_a (STRING);
            required binary label_b (STRING);
            required int32 cluster_a;
            required int32 cluster_b;
            required double alpha;
            required double loss_nats;
            optional double loss_low_nats;
            optional double loss_high_nats;
            optional double accuracy;
          }
          """);

  private static final MessageType DIAGNOSTIC_POINTS =
      MessageTypeParser.parseMessageType(
          """
          message diagnostic_point {
            required binary model_a (STRING);
            required binary model_b (STRING);
            required binary label_a (STRING);
            required binary label_b (STRING);
            required int32 cluster_a;
            required int32 cluster_b;
            required binary diagnostic (STRING);
            required double alpha;
            required double loss_nats;
            optional double score;
          }
          """);

  private static final MessageType PAIRS =
      MessageTypeParser.parseMessageType(
          """
          message pair {
            required binary model_a (STRING);
            required binary model_b (STRING);
            required binary label_a (STRING);
            required binary label_b (STRING);
            required int32 cluster_a;
            required int32 cluster_b;
            required double distance;
            required double barrier_height_nats;
            optional double barrier_height_low_nats;
            optional double barrier_height_high_nats;
            required double convexity_gap_nats;
            optional double convexity_gap_low_nats;
            optional double convexity_gap_high_nats;
            optional double convexity_gap_zero_test_p;
            optional double improved_convexity_gap_nats;
            optional double improved_convexity_gap_low_nats;
            optional double improved_convexity_gap_high_nats;
            required double area_nats;
            optional double area_low_nats;
            optional double area_high_nats;
            required double area_times_euclidean_distance;
            required double euclidean_distance;
            optional double disagreement;
            optional double jensen_shannon_nats;
          }
          """);

  private final StudyReport report;
  private final ReportNames names;

  ParquetTables(StudyReport report) {
    this.report = report;
    this.names = new ReportNames(report);
  }

  /** One row a model A, model B and alpha; alpha 1 is model A. */
  void points(OutputStream out) throws IOException {
    try (var writer = writer(POINTS, out)) {
      for (var pair : report.getPairsList()) {
        var known = pair.getUncertainty();
        for (int i = 0; i < pair.getCurve().getAlphasCount(); i++) {
          var row = row(POINTS, pair);
          row.add("alpha", pair.getCurve().getAlphas(i));
          row.add("loss_nats", pair.getCurve().getLossesNats(i));
          if (i < known.getBandLowNatsCount()) {
            row.add("loss_low_nats", known.getBandLowNats(i));
            row.add("loss_high_nats", known.getBandHighNats(i));
          }
          if (i < pair.getAccuraciesCount()) {
            row.add("accuracy", pair.getAccuracies(i));
          }
          writer.write(row);
        }
      }
    }
  }

  /** One row a model A, model B, diagnostic along curves and alpha; alpha 1 is model A. */
  void diagnosticPoints(OutputStream out) throws IOException {
    try (var writer = writer(DIAGNOSTIC_POINTS, out)) {
      for (var pair : report.getPairsList()) {
        for (var along : pair.getDiagnosticCurvesList()) {
          for (int i = 0; i < along.getCurve().getAlphasCount(); i++) {
            var row = row(DIAGNOSTIC_POINTS, pair);
            row.add("diagnostic", names.diagnostic(along.getDiagnostic()));
            row.add("alpha", along.getCurve().getAlphas(i));
            row.add("loss_nats", along.getCurve().getLossesNats(i));
            if (i < along.getScoresCount()) {
              row.add("score", along.getScores(i));
            }
            writer.write(row);
          }
        }
      }
    }
  }

  /** One row a pair, every metric with its interval. */
  void pairs(OutputStream out) throws IOException {
    try (var writer = writer(PAIRS, out)) {
      for (var pair : report.getPairsList()) {
        var metrics = pair.getMetrics();
        var row = row(PAIRS, pair);
        row.add("distance", pair.getDistance());
        row.add("barrier_height_nats", metrics.getBarrierHeightNats());
        row.add("convexity_gap_nats", metrics.getConvexityGapNats());
        row.add("area_nats", metrics.getAreaNats());
        row.add("area_times_euclidean_distance", pair.getAreaTimesEuclideanDistance());
        row.add("euclidean_distance", pair.getEuclideanDistance());
        if (metrics.hasImprovedConvexityGapNats()) {
          row.add("improved_convexity_gap_nats", metrics.getImprovedConvexityGapNats());
        }
        if (pair.hasDisagreement()) {
          row.add("disagreement", pair.getDisagreement());
        }
        if (pair.hasJensenShannonNats()) {
          row.add("jensen_shannon_nats", pair.getJensenShannonNats());
        }
        if (pair.hasUncertainty()) {
          var known = pair.getUncertainty();
          interval(row, "barrier_height", known.getBarrierHeight().getInterval());
          interval(row, "convexity_gap", known.getConvexityGap().getInterval());
          interval(row, "area", known.getArea().getInterval());
          row.add("convexity_gap_zero_test_p", known.getZeroTestP());
          if (known.hasImprovedConvexityGap()) {
            interval(row, "improved_convexity_gap", known.getImprovedConvexityGap().getInterval());
          }
        }
        writer.write(row);
      }
    }
  }

  private static void interval(Group row, String metric, Interval interval) {
    row.add(metric + "_low_nats", interval.getLow());
    row.add(metric + "_high_nats", interval.getHigh());
  }

  private Group row(MessageType schema, PairReport pair) {
    var row = new SimpleGroupFactory(schema).newGroup();
    var a = report.getModels(pair.getModelA());
    var b = report.getModels(pair.getModelB());
    row.add("model_a", a.getCheckpoint());
    row.add("model_b", b.getCheckpoint());
    row.add("label_a", names.model(pair.getModelA()));
    row.add("label_b", names.model(pair.getModelB()));
    row.add("cluster_a", a.getCluster());
    row.add("cluster_b", b.getCluster());
    return row;
  }

  private static ParquetWriter<Group> writer(MessageType schema, OutputStream out)
      throws IOException {
    return ExampleParquetWriter.builder(new Streamed(out))
        .withConf(new PlainParquetConfiguration())
        .withType(schema)
        .withCompressionCodec(CompressionCodecName.UNCOMPRESSED)
        .build();
  }

  /** A file written from its beginning to its end, as Parquet is; the stream stays open. */
  private record Streamed(OutputStream out) implements OutputFile {
    @Override
    public PositionOutputStream create(long blockSizeHint) {
      return new Counted(out);
    }

    @Override
    public PositionOutputStream createOrOverwrite(long blockSizeHint) {
      return create(blockSizeHint);
    }

    @Override
    public boolean supportsBlockSize() {
      return false;
    }

    @Override
    public long defaultBlockSize() {
      return 0;
    }
  }

  private static final class Counted extends PositionOutputStream {
    private final OutputStream out;
    private long position;

    Counted(OutputStream out) {
      this.out = out;
    }

    @Override
    public long getPos() {
      return position;
    }

    @Override
    public void write(int value) throws IOException {
      out.write(value);
      position++;
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws IOException {
      out.write(bytes, offset, count);
      position += count;
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }
  }
}

package dev.watershed.analysis.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.analysis.report.SyntheticStudy;
import dev.watershed.analysis.store.StudyStore;
import dev.watershed.analysis.v1.CreateStudyRequest;
import dev.watershed.analysis.v1.ExportStudyRequest;
import dev.watershed.analysis.v1.GetStudyReportRequest;
import dev.watershed.analysis.v1.GetStudyRequest;
import dev.watershed.analysis.v1.ListStudiesRequest;
import dev.watershed.analysis.v1.ListStudyModelsRequest;
import dev.watershed.analysis.v1.ListStudyPairsRequest;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.Study;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.analysis.v1.StudyView;
import dev.watershed.jobs.JobFeed;
import dev.watershed.jobs.JobWorker;
import dev.watershed.jobs.WorkerSettings;
import dev.watershed.server.ErrorInterceptor;
import dev.watershed.server.Errors;
import dev.watershed.server.ValidationInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.micronaut.inject.qualifiers.Qualifiers;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * The largest study that may be asked for, over a connection that takes messages of 4 MiB, as a
 * client's does that was told nothing: every answer fits, and everything arrives. The evaluation is
 * left out: the study is taken from the queue, as a worker takes it, and ends with a made-up report
 * of the size of a real one.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class LargeStudyTest {
  private static final int MODELS = 500;
  private static final int PAIRS = MODELS * (MODELS - 1) / 2;
  private static final int DEFAULT_MESSAGE_BYTES = 4 << 20;
  private static final WorkerSettings ONE_AT_A_TIME =
      new WorkerSettings(
          1, Duration.ofMillis(50), Duration.ofSeconds(30), false, false, 2, Duration.ofSeconds(1));

  private FakeEvaluator evaluator;
  private StudyProcess process;
  private Server server;
  private ManagedChannel channel;
  private Study study;
  private StudyReport report;

  @BeforeAll
  void makeTheStudy(@TempDir Path directory) throws Exception {
    evaluator = new FakeEvaluator();
    process =
        new StudyProcess(
            directory,
            evaluator,
            Map.of(
                "watershed.analysis.concurrent-studies",
                0,
                "watershed.analysis.max-points",
                2_000_000,
                // It looks out for what this test's worker does.
                "watershed.analysis.sole-worker",
                false));
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
            .addService(process.context.getBean(StudyServiceGrpc.StudyServiceImplBase.class))
            .intercept(process.context.getBean(ValidationInterceptor.class))
            .intercept(process.context.getBean(ErrorInterceptor.class))
            .build()
            .start();
    channel = NettyChannelBuilder.forAddress("127.0.0.1", server.getPort()).usePlaintext().build();

    var made = SyntheticStudy.of(MODELS);
    study =
        stub()
            .createStudy(CreateStudyRequest.newBuilder().setSpec(longLabels(made)).build())
            .getStudy();
    report = longLabelled(made.toBuilder().setStudy(study.getName()).setSpec(study.getSpec()));
    end(study.getName(), report);
  }

  /** Labels as long as they may be: a model's part of each answer is the largest it can be. */
  private static StudySpec longLabels(StudyReport made) {
    var spec = made.getSpec().toBuilder();
    for (int i = 0; i < MODELS; i++) {
      spec.getModelsBuilder(i).setLabel(label(i));
    }
    return spec.build();
  }

  private static StudyReport longLabelled(StudyReport.Builder report) {
    for (int i = 0; i < MODELS; i++) {
      report.getModelsBuilder(i).setLabel(label(i));
    }
    return report.build();
  }

  /** A hundred characters at most. */
  private static String label(int model) {
    return "m".repeat(96) + " " + model;
  }

  /** Works on the queue until the study has ended with a report. */
  private void end(String name, StudyReport report) {
    var store = process.context.getBean(StudyStore.class);
    try (var worker =
        new JobWorker<>(
            process.context.getBean(DataSource.class, Qualifiers.byName("analysis")),
            store.jobs(),
            new JobFeed<>(store.jobs().kind()),
            attempt -> {
              attempt.alsoWrite(
                  (transaction, ended) -> StudyStore.writeReport(transaction, ended, report));
              return true;
            },
            ONE_AT_A_TIME,
            new Errors(List.of()),
            Clock.systemUTC())) {
      worker.start();
      assertThat(process.await(name).getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    }
  }

  @AfterAll
  void close() throws InterruptedException {
    channel.shutdownNow();
    server.shutdownNow();
    process.close();
    evaluator.close();
  }

  @Test
  void getStudy_ofTheMostModels_fits() {
    var found =
        stub().getStudy(GetStudyRequest.newBuilder().setName(study.getName()).build()).getStudy();
    assertThat(found.getSpec()).isEqualTo(study.getSpec());
    assertThat(found.getSpec().getModelsCount()).isEqualTo(MODELS);
  }

  @Test
  void listStudies_inEitherView_fits() {
    for (var view : List.of(StudyView.STUDY_VIEW_BASIC, StudyView.STUDY_VIEW_FULL)) {
      var listed = stub().listStudies(ListStudiesRequest.newBuilder().setView(view).build());
      assertThat(listed.getStudiesList())
          .extracting(Study::getName)
          .containsExactly(study.getName());
    }
  }

  @Test
  void getStudyReport_ofTheMostModels_isWholeButForWhatIsListed() {
    var answered =
        stub()
            .getStudyReport(GetStudyReportRequest.newBuilder().setName(study.getName()).build())
            .getReport();
    assertThat(answered.getClustering()).isEqualTo(report.getClustering());
    assertThat(answered.getDiagnosticsList()).isEqualTo(report.getDiagnosticsList());
    assertThat(answered.getFinding()).isEqualTo(report.getFinding());
  }

  @Test
  void listStudyModels_pageByPage_areAll() {
    var found = new ArrayList<ModelReport>();
    var request = ListStudyModelsRequest.newBuilder().setName(study.getName());
    do {
      var page = stub().listStudyModels(request.build());
      found.addAll(page.getModelsList());
      request.setPageToken(page.getNextPageToken());
    } while (!request.getPageToken().isEmpty());
    assertThat(found).isEqualTo(report.getModelsList());
  }

  @Test
  void listStudyPairs_pageByPage_areAllInTheirOrder() {
    assertThat(report.getPairsCount()).isEqualTo(PAIRS);
    assertThat(report.getSerializedSize()).isGreaterThan(4 * DEFAULT_MESSAGE_BYTES);
    var found = new ArrayList<PairReport>(PAIRS);
    var request = ListStudyPairsRequest.newBuilder().setName(study.getName());
    do {
      var page = stub().listStudyPairs(request.build());
      assertThat(page.getPairsCount()).isPositive();
      found.addAll(page.getPairsList());
      request.setPageToken(page.getNextPageToken());
    } while (!request.getPageToken().isEmpty());
    assertThat(found.equals(report.getPairsList())).as("all %d pairs", PAIRS).isTrue();
  }

  @Test
  void exportStudy_ofTheMostModels_comesInParts() {
    var bytes = new HashMap<String, Long>();
    var lines = new HashMap<String, Long>();
    stub()
        .exportStudy(ExportStudyRequest.newBuilder().setName(study.getName()).build())
        .forEachRemaining(
            part -> {
              var content = part.getContent().toByteArray();
              long ends =
                  IntStream.range(0, content.length).filter(at -> content[at] == '\n').count();
              bytes.merge(part.getFileName(), (long) content.length, Long::sum);
              lines.merge(part.getFileName(), ends, Long::sum);
            });
    assertThat(bytes)
        .containsOnlyKeys(
            "report.html",
            "report.json",
            "models.csv",
            "pairs.csv",
            "curves.csv",
            "points.parquet",
            "pairs.parquet");
    assertThat(bytes.get("report.json")).isGreaterThan(4L * DEFAULT_MESSAGE_BYTES);
    assertThat(lines.get("models.csv")).isEqualTo(MODELS + 1);
    assertThat(lines.get("pairs.csv")).isEqualTo(PAIRS + 1);
  }

  /** With the limits that a channel has by itself. */
  private StudyServiceGrpc.StudyServiceBlockingStub stub() {
    return StudyServiceGrpc.newBlockingStub(channel).withDeadlineAfter(2, TimeUnit.MINUTES);
  }
}

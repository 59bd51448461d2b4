package dev.watershed.analysis.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.analysis.v1.AnalyzeDynamicsRequest;
import dev.watershed.analysis.v1.CreateStudyRequest;
import dev.watershed.analysis.v1.Dynamics;
import dev.watershed.analysis.v1.DynamicsServiceGrpc;
import dev.watershed.analysis.v1.GetStudyReportRequest;
import dev.watershed.analysis.v1.GetStudyRequest;
import dev.watershed.analysis.v1.ListStudyModelsRequest;
import dev.watershed.analysis.v1.ListStudyPairsRequest;
import dev.watershed.analysis.v1.Study;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.analysis.v1.WatchStudyRequest;
import dev.watershed.server.ErrorInterceptor;
import dev.watershed.server.ValidationInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.micronaut.context.ApplicationContext;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The analysis service as a process has it: its beans, its database file, its gRPC calls. */
final class StudyProcess implements AutoCloseable {
  final ApplicationContext context;
  final StudyServiceGrpc.StudyServiceBlockingStub stub;

  private final Server server;
  private final ManagedChannel channel;

  StudyProcess(Path directory, FakeEvaluator evaluator, Map<String, Object> more)
      throws IOException {
    this(directory, evaluator.address(), more);
  }

  /** With evaluators elsewhere. */
  StudyProcess(Path directory, String evaluatorAddress, Map<String, Object> more)
      throws IOException {
    var properties = properties(directory, evaluatorAddress);
    properties.putAll(more);
    context = ApplicationContext.run(properties);
    context.getBean(StudyLifecycle.class).start();
    var name = InProcessServerBuilder.generateName();
    server =
        InProcessServerBuilder.forName(name)
            .addService(context.getBean(StudyServiceGrpc.StudyServiceImplBase.class))
            .addService(context.getBean(DynamicsServiceGrpc.DynamicsServiceImplBase.class))
            .intercept(context.getBean(ValidationInterceptor.class))
            .intercept(context.getBean(ErrorInterceptor.class))
            .build()
            .start();
    channel = InProcessChannelBuilder.forName(name).build();
    stub = StudyServiceGrpc.newBlockingStub(channel);
  }

  /** The configuration of a process that works alone on a database file. */
  static Map<String, Object> properties(Path directory, String evaluatorAddress) {
    var properties = new HashMap<String, Object>();
    properties.put(
        "datasources.analysis.url",
        "jdbc:h2:file:"
            + directory.resolve("analysis")
            + ";MODE=PostgreSQL;DB_CLOSE_ON_EXIT=FALSE;WRITE_DELAY=0;DATABASE_TO_LOWER=TRUE"
            + ";DEFAULT_NULL_ORDERING=HIGH");
    properties.put("datasources.analysis.driver-class-name", "org.h2.Driver");
    properties.put("flyway.datasources.analysis.enabled", true);
    properties.put("flyway.datasources.analysis.locations", "classpath:db/analysis");
    properties.put("watershed.analysis.sole-worker", true);
    properties.put("watershed.analysis.poll-interval", "100ms");
    properties.put("watershed.analysis.evaluator.address", evaluatorAddress);
    properties.put("watershed.analysis.evaluator.first-backoff", "1ms");
    return properties;
  }

  StudyServiceGrpc.StudyServiceBlockingStub stub() {
    return stub.withDeadlineAfter(2, TimeUnit.MINUTES);
  }

  DynamicsServiceGrpc.DynamicsServiceBlockingStub dynamicsStub() {
    return DynamicsServiceGrpc.newBlockingStub(channel).withDeadlineAfter(2, TimeUnit.MINUTES);
  }

  /** Puts a comparison together with its pairs. */
  Dynamics analyze(AnalyzeDynamicsRequest request) {
    var dynamics = Dynamics.newBuilder();
    dynamicsStub()
        .analyzeDynamics(request)
        .forEachRemaining(
            answer -> {
              dynamics.mergeFrom(answer.getDynamics());
              dynamics.addAllPairs(answer.getPairs().getPairsList());
            });
    return dynamics.build();
  }

  Study create(StudySpec spec) {
    return stub().createStudy(CreateStudyRequest.newBuilder().setSpec(spec).build()).getStudy();
  }

  Study get(String name) {
    return stub().getStudy(GetStudyRequest.newBuilder().setName(name).build()).getStudy();
  }

  /** Watches a study to its end and returns everything seen. */
  List<Study> watch(String name) {
    var seen = new ArrayList<Study>();
    stub()
        .watchStudy(WatchStudyRequest.newBuilder().setName(name).build())
        .forEachRemaining(response -> seen.add(response.getStudy()));
    assertThat(seen).isNotEmpty();
    return seen;
  }

  /** Waits for a study's end. */
  Study await(String name) {
    var seen = watch(name);
    return seen.get(seen.size() - 1);
  }

  StudyReport report(String name) {
    var report =
        stub()
            .getStudyReport(GetStudyReportRequest.newBuilder().setName(name).build())
            .getReport()
            .toBuilder();
    assertThat(report.getPairsCount()).isZero();
    return report
        .clearModels()
        .addAllModels(
            stub()
                .listStudyModels(ListStudyModelsRequest.newBuilder().setName(name).build())
                .getModelsList())
        .addAllPairs(
            stub()
                .listStudyPairs(ListStudyPairsRequest.newBuilder().setName(name).build())
                .getPairsList())
        .build();
  }

  /** Makes a study, which succeeds with all its points counted, and returns its report. */
  StudyReport study(StudySpec spec) {
    var name = create(spec).getName();
    var ended = await(name);
    assertThat(ended.getState()).as("%s", ended).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    long total = ended.getProgress().getTotalPoints();
    assertThat(ended.getProgress().getCompletedPoints()).isEqualTo(total);
    var report = report(name);
    assertThat(report.getCost().getComputedPoints() + report.getCost().getReusedPoints())
        .isEqualTo(total);
    return report;
  }

  /** Waits for what a test makes happen. */
  static void await(CountDownLatch latch) {
    try {
      if (!latch.await(60, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the test takes too long");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    channel.shutdownNow();
    server.shutdownNow();
    context.close();
  }
}

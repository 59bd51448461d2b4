package dev.watershed.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.watershed.trainer.grpc.Specs;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.GetCheckpointRequest;
import dev.watershed.trainer.v1.ListTrainingRunsRequest;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.trainer.v1.TrainingRunView;
import dev.watershed.trainer.v1.TrainingServiceGrpc;
import dev.watershed.trainer.v1.WatchTrainingRunRequest;
import dev.watershed.trainer.v1.WatchTrainingRunResponse;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.micronaut.context.ApplicationContext;
import io.micronaut.grpc.server.GrpcEmbeddedServer;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The trainer as a process of ours has it: Micronaut, Flyway, an H2 file, a real port. */
final class ServedTrainerTest {
  @Test
  void serve_stoppedWhileTrainingAndStartedAgain_endsTheRun(@TempDir Path directory)
      throws Exception {
    TrainingRun run;
    try (var context = start(directory)) {
      var channel = connect(context);
      var training = TrainingServiceGrpc.newBlockingStub(channel);
      run =
          training
              .createTrainingRun(Specs.run(Specs.classification(1000)).build())
              .getTrainingRun();
      var watched = watch(training, run);
      while (watched.next().getTrainingRun().getProgress().getStep() < 20) {}

      context.close();

      var sentAway = catchThrowableOfType(StatusRuntimeException.class, () -> drain(watched));
      assertThat(sentAway.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
      channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
    }
    try (var context = start(directory)) {
      var channel = connect(context);
      var ended = drain(watch(TrainingServiceGrpc.newBlockingStub(channel), run));

      assertThat(ended.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
      assertThat(ended.getAttemptCount()).isEqualTo(2);
      assertThat(
              CheckpointServiceGrpc.newBlockingStub(channel)
                  .getCheckpoint(
                      GetCheckpointRequest.newBuilder()
                          .setName(ended.getCheckpoints(0).getCheckpoint())
                          .build())
                  .getCheckpoint()
                  .getStep())
          .isEqualTo(1000);
      channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void serve_databaseOfTheFirstVersion_listsItsRunsByName(@TempDir Path directory)
      throws Exception {
    var old =
        TrainingRun.newBuilder()
            .setName("trainingRuns/old")
            .setSpec(Specs.classification(5).setDisplayName("before"))
            .setState(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED)
            .build();
    Flyway.configure()
        .dataSource(url(directory), "sa", "")
        .locations("classpath:db/trainer")
        .target("1")
        .load()
        .migrate();
    try (var connection = DriverManager.getConnection(url(directory), "sa", "");
        var insert =
            connection.prepareStatement(
                "insert into training_run (id, request_position, request_digest, state,"
                    + " cancel_requested, attempts_since_save, create_time, update_time, payload,"
                    + " version) values ('old', 0, 'aa', 'TRAINING_RUN_STATE_SUCCEEDED', false, 0,"
                    + " current_timestamp, current_timestamp, ?, 1)")) {
      insert.setBytes(1, old.toByteArray());
      insert.executeUpdate();
    }
    try (var context = start(directory)) {
      var channel = connect(context);
      var training = TrainingServiceGrpc.newBlockingStub(channel);

      assertThat(
              training
                  .listTrainingRuns(
                      ListTrainingRunsRequest.newBuilder()
                          .setDisplayName("before")
                          .setView(TrainingRunView.TRAINING_RUN_VIEW_FULL)
                          .build())
                  .getTrainingRunsList())
          .containsExactly(old);
      assertThat(
              training
                  .createTrainingRun(
                      Specs.run(old.getSpec().toBuilder()).setReuseExisting(true).build())
                  .getReused())
          .isFalse();
      channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
    }
  }

  private static String url(Path directory) {
    return "jdbc:h2:file:"
        + directory.resolve("trainer")
        + ";MODE=PostgreSQL;DB_CLOSE_ON_EXIT=FALSE;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH";
  }

  private static ApplicationContext start(Path directory) {
    var context =
        ApplicationContext.builder(
                Map.of(
                    "grpc.server.port", "${random.port}",
                    "grpc.server.host", "127.0.0.1",
                    "watershed.checkpoints.root", directory.resolve("checkpoints").toString(),
                    "watershed.trainer.work", directory.resolve("work").toString(),
                    "watershed.trainer.sole-worker", "true",
                    "datasources.trainer.url", url(directory),
                    "flyway.datasources.trainer.enabled", "true",
                    "flyway.datasources.trainer.locations", "classpath:db/trainer"))
            .banner(false)
            .start();
    context.getBean(GrpcEmbeddedServer.class).start();
    return context;
  }

  private static ManagedChannel connect(ApplicationContext context) {
    int port = context.getBean(GrpcEmbeddedServer.class).getPort();
    return NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
  }

  private static Iterator<WatchTrainingRunResponse> watch(
      TrainingServiceGrpc.TrainingServiceBlockingStub training, TrainingRun run) {
    return training
        .withDeadlineAfter(120, TimeUnit.SECONDS)
        .watchTrainingRun(WatchTrainingRunRequest.newBuilder().setName(run.getName()).build());
  }

  private static TrainingRun drain(Iterator<WatchTrainingRunResponse> watched) {
    TrainingRun last = TrainingRun.getDefaultInstance();
    while (watched.hasNext()) {
      last = watched.next().getTrainingRun();
    }
    return last;
  }
}

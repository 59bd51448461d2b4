package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.JsonFormat;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.DescribeSplitResponse;
import dev.watershed.trainer.v1.GetCheckpointRequest;
import dev.watershed.trainer.v1.TrainingServiceGrpc;
import dev.watershed.trainer.v1.UploadFileResponse;
import dev.watershed.trainer.v1.WatchTrainingRunRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A client whose files the packaged server cannot read sends them by the command line. */
final class UploadIT {
  private Path client;
  private ServerProcess server;

  @BeforeEach
  void serve(@TempDir Path temporary) throws Exception {
    client = Files.createDirectory(temporary.resolve("client"));
    Path root = Files.createDirectory(temporary.resolve("root"));
    server = ServerProcess.serve(temporary.resolve("data"), root);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  @Test
  void upload_checkpointAndFile_areEvaluatedAsIfTheyLayThere() throws Exception {
    String trained = trained();
    Path model = client.resolve("model");
    run("checkpoints", "download", trained, "--out", model.toString());
    var before = checkpoint("checkpoints/" + trained);

    String uploaded = run("checkpoints", "upload", model.toString(), "--id", "sent");

    assertThat(uploaded).contains("sent", before.getDigest().getSha256());
    var after = checkpoint("checkpoints/sent");
    assertThat(after.getDigest()).isEqualTo(before.getDigest());
    assertThat(after.getLabelsList()).isEqualTo(before.getLabelsList());

    Path rows = client.resolve("rows.tsv");
    Files.writeString(
        rows,
        "text\tlabel\nthe doctor helped the judge\t"
            + before.getLabels(0)
            + "\nthe pilot called the judge\t"
            + before.getLabels(1)
            + "\n");
    var answer = UploadFileResponse.newBuilder();
    JsonFormat.parser().merge(lastObject(run("data", "upload", rows.toString(), "--json")), answer);
    assertThat(answer.getUri()).isEqualTo("upload:rows.tsv");
    String data = "file:" + answer.getUri() + ",text=text,label=label";
    var described = DescribeSplitResponse.newBuilder();
    JsonFormat.parser().merge(lastObject(run("data", "show", data, "--json")), described);
    assertThat(described.getSplit().getRowCount()).isEqualTo(2);

    String evaluated = run("evaluate", trained, "sent", "--alphas", "0,1", "--sample", data);

    assertThat(evaluated).contains("rows: 2 examples", "distance 0.0000");
    assertThat(run("tasks")).contains("mnli/train");
    assertThat(run("data", "list")).contains("upload:rows.tsv", String.valueOf(Files.size(rows)));
    assertThat(run("data", "delete", "rows.tsv")).contains("deleted upload:rows.tsv");
    assertThat(run("data", "list")).doesNotContain("rows.tsv");
  }

  /** Trains for two steps and returns the checkpoint's id. */
  private String trained() {
    var training = TrainingServiceGrpc.newBlockingStub(server.channel());
    var run = training.createTrainingRun(PicoExperiment.training(2, 1)).getTrainingRun();
    var checkpoints = new ArrayList<String>();
    training
        .withDeadlineAfter(2, TimeUnit.MINUTES)
        .watchTrainingRun(WatchTrainingRunRequest.newBuilder().setName(run.getName()).build())
        .forEachRemaining(
            update -> {
              checkpoints.clear();
              update
                  .getTrainingRun()
                  .getCheckpointsList()
                  .forEach(written -> checkpoints.add(written.getCheckpoint()));
            });
    return checkpoints.getLast().substring("checkpoints/".length());
  }

  private dev.watershed.trainer.v1.Checkpoint checkpoint(String name) {
    return CheckpointServiceGrpc.newBlockingStub(server.channel())
        .getCheckpoint(GetCheckpointRequest.newBuilder().setName(name).build())
        .getCheckpoint();
  }

  /** Progress stands before the result in one log. */
  private static String lastObject(String output) {
    return output.substring(output.indexOf("{\n"));
  }

  private String run(String... arguments) throws Exception {
    Path log = Files.createTempFile(client, "command", ".log");
    var all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--address", server.address()));
    Process process = ServerProcess.command(log, all.toArray(String[]::new));
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    String output = Files.readString(log);
    assertThat(process.exitValue()).as("%s: %s", all, output).isZero();
    return output;
  }
}

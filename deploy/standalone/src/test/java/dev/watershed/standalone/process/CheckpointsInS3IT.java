package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The three services as processes whose checkpoints are in S3, which a process of its own keeps.
 */
final class CheckpointsInS3IT {
  private static final long START_SECONDS = 120;

  private Path directory;
  private ServiceProcesses processes;
  private @Nullable Process server;

  @BeforeEach
  void start(@TempDir Path temporary) throws Exception {
    directory = temporary;
    processes = new ServiceProcesses(directory);
  }

  @AfterEach
  void stop() throws Exception {
    processes.close();
    if (server != null) {
      server.destroyForcibly().waitFor();
    }
  }

  @Test
  void quickstart_withCheckpointsInS3_isThatOfADirectory() throws Exception {
    int port = startServer("models");
    var s3 =
        Map.of(
            "WATERSHED_CHECKPOINTS_ROOT", "s3://models/team/it",
            "WATERSHED_CHECKPOINTS_S3_ENDPOINT", "http://127.0.0.1:" + port,
            "WATERSHED_CHECKPOINTS_S3_PATH_STYLE", "true",
            "AWS_ACCESS_KEY_ID", "me",
            "AWS_SECRET_ACCESS_KEY", "my-secret");
    var mistaken = new HashMap<>(s3);
    mistaken.put("WATERSHED_CHECKPOINTS_ROOT", "s3://modells/team/it");
    Process refused = processes.start("mistaken", "eval", mistaken);
    assertThat(refused.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(refused.exitValue()).isEqualTo(2);
    assertThat(processes.log("mistaken"))
        .contains("error: s3://modells/team/it cannot be used: there is no bucket 'modells'")
        .doesNotContain("\tat ");

    String trainer = processes.serve("trainer", "trainer", s3);
    String eval = processes.serve("eval", "eval", s3);
    String analysis =
        processes.serve(
            "analysis", "analysis", Map.of("WATERSHED_ANALYSIS_EVALUATOR_ADDRESS", eval));
    var quickstart = new MeasuredQuickstart(directory, 3, 20);
    quickstart.run("one");
    quickstart.run(
        "s3", "--address", "trainer=%s,eval=%s,analysis=%s".formatted(trainer, eval, analysis));

    quickstart.requireSame("one", "s3");
    assertThat(directory.resolve("checkpoints")).isEmptyDirectory();
    assertThat(directory.resolve("objects/models/team/it/manifests/miniature-pretrained.json"))
        .exists();
  }

  /** Starts a server that speaks S3 and has one bucket; returns its port. */
  private int startServer(String bucket) throws Exception {
    Path classes = Path.of("../../libraries/s3/target/test-classpath");
    assertThat(classes).as("what 'package' writes").exists();
    Path objects = Files.createDirectories(directory.resolve("objects"));
    Files.createDirectory(objects.resolve(bucket));
    int port;
    try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    Path properties =
        Files.write(
            directory.resolve("s3.properties"),
            List.of(
                "s3proxy.endpoint=http://127.0.0.1:" + port,
                "s3proxy.authorization=aws-v2-or-v4",
                "s3proxy.identity=me",
                "s3proxy.credential=my-secret",
                "jclouds.provider=filesystem-nio2",
                "jclouds.filesystem.basedir=" + objects,
                "jclouds.identity=x",
                "jclouds.credential=x"));
    Path log = directory.resolve("s3.log");
    Process started =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-cp",
                Files.readString(classes).strip(),
                "org.gaul.s3proxy.Main",
                "--properties",
                properties.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    server = started;
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (System.nanoTime() < deadline && started.isAlive()) {
      try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return socket.getPort();
      } catch (ConnectException e) {
        started.waitFor(50, TimeUnit.MILLISECONDS);
      }
    }
    throw new AssertionError("S3 did not start:\n" + Files.readString(log));
  }
}

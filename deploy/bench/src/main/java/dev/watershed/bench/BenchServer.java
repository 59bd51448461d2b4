package dev.watershed.bench;

import dev.watershed.classifier.TorchSettings;
import dev.watershed.classifier.checkpoint.HuggingFaceCheckpoint;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.text.EncodedExample;
import dev.watershed.standalone.process.DataDirectory;
import dev.watershed.standalone.process.Standalone;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.RegisterCheckpointRequest;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.FileFormat;
import dev.watershed.type.v1.FileSplit;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A temporary directory with files below a data root, and a server on it: the whole of Watershed as
 * {@code serve} starts it, reached through its port. Closing stops the server and deletes all.
 */
public final class BenchServer implements AutoCloseable {
  private static final String EXAMPLES = "examples.jsonl";
  private static final String VOCABULARY = "vocab.txt";

  private final Path directory;
  private final Path files;
  private final int threads;
  private final Map<String, Object> configuration;
  private final Function<String, ManagedChannel> channels;
  private @Nullable Standalone server;
  private @Nullable ManagedChannel channel;
  private boolean closed;

  private BenchServer(
      Path directory,
      int threads,
      Map<String, Object> configuration,
      Function<String, ManagedChannel> channels)
      throws IOException {
    this.directory = directory;
    this.files = Files.createDirectory(directory.resolve("files"));
    this.threads = threads;
    this.configuration = configuration;
    this.channels = channels;
  }

  /**
   * Makes the directory and starts the server.
   *
   * @param threads within an operation of libtorch
   * @param configuration keys besides
   * @param channels opens a channel to an address
   */
  public static BenchServer open(
      int threads, Map<String, Object> configuration, Function<String, ManagedChannel> channels)
      throws IOException {
    Path directory = Files.createTempDirectory("watershed-bench-");
    try {
      var server = new BenchServer(directory, threads, configuration, channels);
      server.restart();
      return server;
    } catch (Throwable e) {
      delete(directory);
      throw e;
    }
  }

  /** A server that has computed nothing and remembers nothing but its checkpoints. */
  synchronized void restart() {
    stop();
    if (closed) {
      throw new IllegalStateException("the benchmark was stopped");
    }
    Standalone started =
        Standalone.start(
            new Standalone.Settings(
                new DataDirectory(directory.resolve("data")),
                0,
                TorchSettings.cpu(threads),
                List.of(files),
                false,
                configuration));
    server = started;
    channel = channels.apply(started.address());
  }

  /** To the server that runs now. */
  synchronized ManagedChannel channel() {
    if (channel == null) {
      throw new IllegalStateException("the benchmark was stopped");
    }
    return channel;
  }

  /** Where a checkpoint lies that was {@link #register registered}. */
  Path checkpointFiles(String id) {
    return files.resolve(id);
  }

  /** Writes weights as a Hugging Face directory and registers it; returns the resource name. */
  String register(String id, ParameterVector weights) throws IOException {
    HuggingFaceCheckpoint.write(checkpointFiles(id), weights);
    return CheckpointServiceGrpc.newBlockingStub(channel())
        .registerCheckpoint(
            RegisterCheckpointRequest.newBuilder().setUri(id).setCheckpointId(id).build())
        .getCheckpoint()
        .getName();
  }

  /** Writes examples to a file and says how to evaluate on all of them. */
  EvaluationSample sample(List<EncodedExample> examples) throws IOException {
    return EvaluationSample.newBuilder()
        .setName("sample")
        .setSplit(split(examples))
        .setMaxTokens(RandomSentences.LONGEST)
        .build();
  }

  /** Writes examples to a file and says how to read it. */
  DatasetSplit split(List<EncodedExample> examples) throws IOException {
    RandomSentences.write(files.resolve(EXAMPLES), examples);
    return DatasetSplit.newBuilder()
        .setFile(
            FileSplit.newBuilder()
                .setUri(EXAMPLES)
                .setFormat(FileFormat.FILE_FORMAT_JSON_LINES)
                .setLabelColumn("label")
                .addAllLabelNames(ModelSize.LABELS))
        .build();
  }

  /** Writes a vocabulary of made-up words; returns its name as requests say it. */
  String vocabulary(int size) throws IOException {
    List<String> words = new ArrayList<>(List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"));
    for (int i = words.size(); i < size; i++) {
      words.add("w" + i);
    }
    Files.write(files.resolve(VOCABULARY), words);
    return VOCABULARY;
  }

  private void stop() {
    if (channel != null) {
      channel.shutdownNow();
      channel = null;
    }
    if (server != null) {
      server.close();
      server = null;
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      stop();
      delete(directory);
    }
  }

  private static void delete(Path directory) {
    try (Stream<Path> below = Files.walk(directory)) {
      for (Path file : below.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("could not remove " + directory, e);
    }
  }
}

package dev.watershed.trainer.grpc;

import static dev.watershed.input.InvalidInputException.invalid;

import com.google.protobuf.ByteString;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.IncomingDirectory;
import dev.watershed.input.HuggingFaceFiles;
import dev.watershed.input.Quoted;
import dev.watershed.input.TrainedSteps;
import dev.watershed.server.DiskSpace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The files of a checkpoint as they come from a client, in a directory aside that goes when this is
 * closed.
 */
final class CheckpointParts implements AutoCloseable {
  private static final int MAX_FILES = 1000;

  private final IncomingDirectory directory;
  private final long maxBytes;
  private final DiskSpace disk;
  private @Nullable String name;
  private @Nullable FileChannel file;
  private int files;
  private long bytes;

  /**
   * @param sizeBytes what will come; negative where that is not known
   * @throws dev.watershed.input.InvalidInputException CHECKPOINT_TOO_LARGE
   */
  CheckpointParts(CheckpointStore store, DiskSpace disk, long sizeBytes) throws IOException {
    this.maxBytes = store.maxBytes();
    this.disk = disk;
    requireAtMost(sizeBytes);
    this.directory = store.incoming();
    try {
      // Here, and once more in the store.
      disk.requireRoom(directory.path(), 2 * Math.max(0, sizeBytes));
    } catch (Throwable e) {
      directory.close();
      throw e;
    }
  }

  Path path() {
    return directory.path();
  }

  /** The Trainer's state, if it came. */
  @Nullable Path state() {
    Path state = path().resolve(TrainedSteps.STATE);
    return Files.exists(state) ? state : null;
  }

  long sizeBytes() {
    return bytes;
  }

  /** Appends a part to the file that it names. */
  void add(String fileName, ByteString content) throws IOException {
    bytes += content.size();
    requireAtMost(bytes);
    disk.requireRoom(directory.path(), content.size());
    FileChannel to = file;
    if (to == null || !fileName.equals(name)) {
      endFile();
      to = begin(fileName);
      file = to;
      name = fileName;
    }
    for (ByteBuffer piece : content.asReadOnlyByteBufferList()) {
      while (piece.hasRemaining()) {
        to.write(piece);
      }
    }
  }

  private FileChannel begin(String fileName) throws IOException {
    if (!HuggingFaceFiles.isFile(fileName) && !fileName.equals(TrainedSteps.STATE)) {
      throw invalid(
          "FILE_NAME_INVALID",
          "file_name",
          "'%s' is no file of a checkpoint; there are config.json, model.safetensors or its shards with"
                  .formatted(Quoted.of(fileName))
              + " their index, "
              + String.join(", ", HuggingFaceFiles.TOKENIZER)
              + " and "
              + TrainedSteps.STATE);
    }
    Path to = path().resolve(fileName);
    if (Files.exists(to)) {
      throw invalid(
          "UPLOAD_MALFORMED",
          "file_name",
          "'%s' goes on after '%s' began; send one file after the other".formatted(fileName, name));
    }
    if (++files > MAX_FILES) {
      throw invalid(
          "TOO_MANY_FILES",
          "",
          String.format(Locale.ROOT, "there are more than %d files", MAX_FILES));
    }
    return FileChannel.open(to, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
  }

  private void requireAtMost(long sizeBytes) {
    if (sizeBytes > maxBytes) {
      throw invalid(
          "CHECKPOINT_TOO_LARGE",
          "",
          String.format(
              Locale.ROOT,
              "the checkpoint's files have more than the %d bytes together that are kept"
                  + " (watershed.checkpoints.max-bytes)",
              maxBytes));
    }
  }

  /** Says that all has come. */
  void endFile() throws IOException {
    if (file != null) {
      file.close();
      file = null;
    }
  }

  @Override
  public void close() throws IOException {
    try {
      endFile();
    } finally {
      directory.close();
    }
  }
}

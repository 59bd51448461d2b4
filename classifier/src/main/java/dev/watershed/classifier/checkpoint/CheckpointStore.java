package dev.watershed.classifier.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Where checkpoints live: trainers write, evaluators read. Safe for use by many threads. */
public interface CheckpointStore {
  /** Looks at a checkpoint that is about to be kept. */
  @FunctionalInterface
  interface Inspection {
    /** Returns what is worth a notice; throws to refuse it. */
    List<String> inspect(Path directory, Architecture architecture) throws IOException;
  }

  /** Bytes that the files of one checkpoint may have together. */
  long maxBytes();

  /**
   * An empty directory on the store's own disk to put a checkpoint together in; closing deletes it,
   * and after a kill the next start does.
   */
  IncomingDirectory incoming() throws IOException;

  Optional<CheckpointManifest> find(String id) throws IOException;

  /** All of them, oldest first. */
  List<CheckpointManifest> list() throws IOException;

  /**
   * A local Hugging Face directory whose files match the manifest's digests; not to be changed.
   * They are read to be sure the first time, and again when one of them is another version.
   *
   * @throws dev.watershed.classifier.InvalidInputException NOT_FOUND, or CORRUPT where a file does
   *     not match
   */
  Path directory(String id) throws IOException;

  /**
   * Checks a Hugging Face directory wholly and copies it in; all of it or nothing. The same content
   * under the same id again changes nothing and returns what is there.
   *
   * @param trainingRun resource name of the run that made it; empty where it came from elsewhere
   * @param inspection is shown the copy, whose files change no more; its notices are kept
   * @param work ends it between two pieces of a file
   * @throws dev.watershed.classifier.InvalidInputException MISMATCH with reason CHECKPOINT_ID_TAKEN
   *     where the id holds other content, INVALID where the directory cannot be used or a file is
   *     larger than is read, CORRUPT where it changes meanwhile
   */
  CheckpointManifest put(
      String id,
      String trainingRun,
      long step,
      Path preparedDirectory,
      Inspection inspection,
      FileWork work)
      throws IOException;

  /** Puts a directory of our own making. */
  default CheckpointManifest put(String id, String trainingRun, long step, Path preparedDirectory)
      throws IOException {
    return put(
        id,
        trainingRun,
        step,
        preparedDirectory,
        (directory, architecture) -> List.of(),
        FileWork.UNINTERRUPTED);
  }
}

package dev.watershed.classifier.checkpoint;

import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where checkpoints live: trainers write, evaluators read. Safe for use by many threads.
 *
 * <p>Whatever is asked of it throws {@link StoreUnavailableException} while it cannot be reached.
 */
public interface CheckpointStore extends AutoCloseable {
  /** Looks at a checkpoint that is about to be kept. */
  @FunctionalInterface
  interface Inspection {
    /** Returns what is worth a notice; throws to refuse it. */
    List<String> inspect(Path directory, Architecture architecture) throws IOException;
  }

  /**
   * Reads the directory of a checkpoint.
   *
   * @param <E> what it throws besides; nothing, where it is not said
   */
  @FunctionalInterface
  interface Reading<T, E extends Exception> {
    T read(Path directory) throws IOException, E;
  }

  /** Ends something. */
  @FunctionalInterface
  interface End {
    void end() throws IOException;
  }

  /**
   * A local Hugging Face directory whose files match the manifest's digests; not to be changed, and
   * there until this is closed.
   */
  record Held(Path directory, End end) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      end.end();
    }
  }

  /** A checkpoint that is out of the store; closing deletes its files. */
  interface Removed extends AutoCloseable {
    @Override
    void close() throws IOException;
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
   * Has the files of a checkpoint at hand. They are read to be sure the first time, and again when
   * one of them is another version.
   *
   * @throws InvalidInputException NOT_FOUND, or CORRUPT where a file does not match
   */
  Held hold(String id) throws IOException;

  /**
   * Has a checkpoint read, which others may delete at any time, and put another in its place.
   *
   * @param manifest as {@link #find} returned it
   * @param reading gets the directory of {@link #hold}, which is there until it returns
   * @return what was read of this checkpoint and of no other
   * @throws InvalidInputException NOT_FOUND where it is not there any more, whatever came of the
   *     reading; as {@link #hold} and {@code reading} otherwise
   */
  default <T, E extends Exception> T read(CheckpointManifest manifest, Reading<T, E> reading)
      throws IOException, E {
    T result;
    try (Held held = hold(manifest.id())) {
      result = reading.read(held.directory());
    } catch (Throwable e) {
      if (e instanceof InterruptedException || isThere(manifest)) {
        throw e;
      }
      throw gone(manifest, e);
    }
    if (isThere(manifest)) {
      return result;
    }
    try {
      if (result instanceof AutoCloseable open) {
        open.close();
      }
    } catch (Exception e) {
      throw gone(manifest, e);
    }
    throw gone(manifest, null);
  }

  private boolean isThere(CheckpointManifest manifest) throws IOException {
    return find(manifest.id()).filter(manifest::equals).isPresent();
  }

  private static InvalidInputException gone(CheckpointManifest manifest, @Nullable Throwable e) {
    var gone =
        new InvalidInputException(
            InvalidInputException.Kind.NOT_FOUND,
            "CHECKPOINT_NOT_FOUND",
            "checkpoint",
            "checkpoint '%s' was deleted while it was read".formatted(manifest.id()));
    if (e != null) {
      gone.addSuppressed(e);
    }
    return gone;
  }

  /**
   * Takes a checkpoint out of the store at once: from here on nobody finds it. Its files go when
   * the answer is closed, or where the process is killed before, at the next start.
   *
   * @return empty where there is none
   */
  Optional<Removed> remove(String id) throws IOException;

  /**
   * Checks a Hugging Face directory wholly and copies it in; all of it or nothing. The same content
   * under the same id again changes nothing and returns what is there.
   *
   * @param trainingRun resource name of the run that made it; empty where it came from elsewhere
   * @param inspection is shown the copy, whose files change no more; its notices are kept
   * @param work ends it between two pieces of a file
   * @throws InvalidInputException MISMATCH with reason CHECKPOINT_ID_TAKEN where the id holds other
   *     content, INVALID where the directory cannot be used or a file is larger than is read,
   *     CORRUPT where it changes meanwhile
   */
  CheckpointManifest put(
      String id,
      String trainingRun,
      long step,
      Path preparedDirectory,
      Inspection inspection,
      FileWork work)
      throws IOException;

  /**
   * Writes a checkpoint of our own making: each file once, where it stays, read by nobody. All of
   * it or nothing. The same content under the same id again changes nothing and returns what is
   * there.
   *
   * @param tokenizerFiles by the names that Hugging Face knows; copied
   * @param origin what the run that made it was told, by name
   * @throws InvalidInputException MISMATCH with reason CHECKPOINT_ID_TAKEN where the id holds other
   *     content
   */
  CheckpointManifest write(
      String id,
      String trainingRun,
      long step,
      ParameterVector weights,
      List<Path> tokenizerFiles,
      List<String> notices,
      Map<String, String> origin)
      throws IOException;

  /** Where checkpoints are put together, to see how much room there is. */
  Path place();

  /**
   * Throws unless checkpoints can be written here; who writes asks once, at its start.
   *
   * @throws StoreUnavailableException that says what is missing
   */
  void requireWritable() throws IOException;

  /** Whose checkpoints these are, by the name that {@link #claim} gave; empty where nobody said. */
  Optional<String> owner() throws IOException;

  /**
   * Says whose checkpoints these are, unless that was said before.
   *
   * @param owner 1 to 100 characters of ASCII
   * @return whose they are then
   */
  String claim(String owner) throws IOException;

  /** Forgets whose checkpoints these are. */
  void disown() throws IOException;

  /** Frees what the store holds of this process. The checkpoints stay. */
  @Override
  default void close() {}

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

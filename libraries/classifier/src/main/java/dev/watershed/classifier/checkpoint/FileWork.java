package dev.watershed.classifier.checkpoint;

/**
 * Somebody who waits for work on files. Files can be large and disks slow: who works on them asks
 * between pieces of at most a few megabytes whether it is still wanted.
 */
@FunctionalInterface
public interface FileWork {
  /** Wanted to its end. */
  FileWork UNINTERRUPTED = () -> {};

  /**
   * Returns where the work is still wanted.
   *
   * @throws java.util.concurrent.CancellationException where it is not
   */
  void throwIfUnwanted();
}

package dev.watershed.classifier.data;

import java.nio.file.Path;
import java.util.List;

/** The directories below which data may be read. */
public final class DataRoots {
  private final List<Path> roots;

  public DataRoots(List<Path> roots) {
    this.roots = List.copyOf(roots);
  }

  /**
   * Returns the real path of what a caller named.
   *
   * @param uri a {@code file:} URI or a path, absolute or relative to the first root
   * @throws dev.watershed.classifier.InvalidInputException FORBIDDEN if it lies outside every root,
   *     also by a symbolic link; NOT_FOUND if nothing is there
   */
  public Path resolve(String uri) {
    throw new UnsupportedOperationException(uri + roots);
  }
}

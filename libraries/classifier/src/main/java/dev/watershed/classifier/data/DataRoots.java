package dev.watershed.classifier.data;

import static dev.watershed.input.InvalidInputException.invalid;

import dev.watershed.input.InvalidInputException;
import dev.watershed.input.InvalidInputException.Kind;
import dev.watershed.input.Quoted;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The directories below which data may be read. */
public final class DataRoots {
  private static final Pattern SCHEME =
      Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:.*", Pattern.DOTALL);

  private static final String UPLOAD = UploadedFiles.SCHEME + ":";

  private final List<Path> roots;
  private final @Nullable Path uploads;

  /** Directories need not exist yet; none at all means that no file can be read. */
  public DataRoots(List<Path> roots) {
    this(roots, null);
  }

  /**
   * Directories, and one more that holds uploaded files, which {@code upload:NAME} stands for.
   *
   * @param uploads null where nothing is uploaded
   */
  public DataRoots(List<Path> roots, @Nullable Path uploads) {
    this.uploads = uploads == null ? null : uploads.toAbsolutePath().normalize();
    this.roots =
        Stream.concat(roots.stream(), Stream.ofNullable(uploads))
            .map(root -> root.toAbsolutePath().normalize())
            .toList();
  }

  /** The directories, in the order they were given. */
  List<Path> directories() {
    return roots;
  }

  /**
   * Returns the real path of what a caller named.
   *
   * @param uri a {@code file:} URI, {@code upload:NAME}, or a path, absolute or relative to the
   *     first root
   * @throws InvalidInputException of kind FORBIDDEN if it lies outside every root, also by way of a
   *     symbolic link; NOT_FOUND if nothing is there; INVALID if it is neither a path nor such a
   *     URI
   */
  public Path resolve(String uri) {
    if (roots.isEmpty()) {
      throw forbidden(
          "the server has no data root, so '%s' cannot be read; start it with serve --data-root DIR"
              .formatted(Quoted.of(uri)));
    }
    Path path = roots.get(0).resolve(parse(uri)).normalize();
    List<Path> real = realRoots();
    // Told apart before the file system is asked, so that nothing is learnt about what lies
    // outside.
    if (!isBelow(path, roots) && !isBelow(path, real)) {
      throw outside(uri);
    }
    Path target;
    try {
      target = path.toRealPath();
    } catch (IOException e) {
      throw new InvalidInputException(
          Kind.NOT_FOUND,
          "FILE_NOT_FOUND",
          "uri",
          "there is no file '%s' below the server's data roots (%s)"
              .formatted(Quoted.of(uri), names()));
    }
    if (!isBelow(target, real)) {
      throw outside(uri);
    }
    return target;
  }

  /**
   * Returns a file's path relative to the root it lies below, with slashes: its name for people, on
   * whatever machine.
   *
   * @param file as {@link #resolve} returned it
   */
  public String relativize(Path file) {
    return realRoots().stream()
        .filter(root -> file.startsWith(root) && !file.equals(root))
        .max(Comparator.comparingInt(Path::getNameCount))
        .map(root -> root.relativize(file).toString().replace(File.separatorChar, '/'))
        .orElseGet(() -> String.valueOf(file.getFileName()));
  }

  private Path parse(String uri) {
    try {
      if (uri.startsWith(UPLOAD)) {
        return uploaded(uri.substring(UPLOAD.length()));
      }
      if (!SCHEME.matcher(uri).matches()) {
        return Path.of(uri);
      }
      URI parsed = new URI(uri);
      if (!"file".equalsIgnoreCase(parsed.getScheme())) {
        throw forbidden(
            "only files can be read, not '%s:'; give a path or a file: URI"
                .formatted(Quoted.of(parsed.getScheme())));
      }
      boolean local = parsed.getAuthority() == null && parsed.getPath() != null;
      if (!local || parsed.getQuery() != null || parsed.getFragment() != null) {
        throw invalid(
            "URI_INVALID",
            "uri",
            "'%s' is no file: URI; write file:///path".formatted(Quoted.of(uri)));
      }
      return Path.of(parsed.getPath());
    } catch (URISyntaxException | InvalidPathException e) {
      throw invalid(
          "URI_INVALID",
          "uri",
          "'%s' is neither a path nor a file: URI; write file:///path, with %%20 for a blank"
              .formatted(Quoted.of(uri)));
    }
  }

  private Path uploaded(String name) {
    if (uploads == null) {
      throw forbidden(
          "the server takes no uploads (watershed.data.uploads), so there is no '%s'"
              .formatted(Quoted.of(UPLOAD + name)));
    }
    return uploads.resolve(name);
  }

  private List<Path> realRoots() {
    return roots.stream().flatMap(DataRoots::realPath).toList();
  }

  private static Stream<Path> realPath(Path root) {
    try {
      return Stream.of(root.toRealPath());
    } catch (IOException e) {
      return Stream.empty(); // a root that is not there holds nothing
    }
  }

  private static boolean isBelow(Path path, List<Path> parents) {
    return parents.stream().anyMatch(path::startsWith);
  }

  private InvalidInputException outside(String uri) {
    return forbidden(
        "'%s' lies outside the server's data roots (%s), whether or not it is there; put it below one of them, or start the server with another: serve --data-root DIR"
            .formatted(Quoted.of(uri), names()));
  }

  /**
   * The roots by their own names: enough for who runs the server to know them by, and nothing of
   * the server's directories for who merely calls it.
   */
  private String names() {
    String first = name(roots.get(0));
    String all = roots.stream().map(DataRoots::name).collect(Collectors.joining(", "));
    return "%s; a relative path starts from %s".formatted(all, first);
  }

  private static String name(Path root) {
    return Quoted.of("'" + (root.getFileName() == null ? root : root.getFileName()) + "'");
  }

  private static InvalidInputException forbidden(String message) {
    return new InvalidInputException(Kind.FORBIDDEN, "FILE_FORBIDDEN", "uri", message);
  }
}

package dev.watershed.classifier.data;

import static dev.watershed.input.InvalidInputException.invalid;

import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.checkpoint.DurableFiles;
import dev.watershed.classifier.checkpoint.FileWork;
import dev.watershed.classifier.checkpoint.IncomingDirectory;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.InvalidInputException.Kind;
import dev.watershed.input.Quoted;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Files that callers have sent, in a directory that is a data root. Each is written aside and
 * appears when it is whole; it is not changed after that, only deleted. Thread-safe.
 */
public final class UploadedFiles {
  /** Of the URI that stands for a file here: {@code upload:NAME}. */
  public static final String SCHEME = "upload";

  private static final Pattern NAME =
      Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){0,4}");

  private final @Nullable Path root;
  private final long maxFileBytes;
  private final long maxBytes;

  // Bytes of all files here, those that are still coming included.
  private long held;
  private int changing;
  private long changes;

  /** Held while a name is given to a file or taken from it, folders included. */
  private final Object names = new Object();

  /**
   * @param root where they are kept; made where it is missing. Null where nothing is taken
   * @param maxFileBytes bytes of one file
   * @param maxBytes bytes of all of them together
   */
  public UploadedFiles(@Nullable Path root, long maxFileBytes, long maxBytes) throws IOException {
    this.root = root == null ? null : Files.createDirectories(root).toRealPath();
    this.maxFileBytes = maxFileBytes;
    this.maxBytes = maxBytes;
    if (this.root != null) {
      IncomingDirectory.sweep(this.root);
      held = bytesIn(this.root);
    }
  }

  /**
   * A file that is there.
   *
   * @param uri what stands for it wherever a file of data is named
   */
  public record Uploaded(String uri, Digest digest) {}

  /**
   * A file that is listed.
   *
   * @param name its name, without the scheme
   * @param time when it came
   */
  public record Listed(String name, long sizeBytes, Instant time) {
    /** What stands for it wherever a file of data is named. */
    public String uri() {
      return SCHEME + ":" + name;
    }
  }

  /** Returns all files that are whole, by name; none where nothing is taken. */
  public List<Listed> list(FileWork work) throws IOException {
    var files = new ArrayList<Listed>();
    if (root != null) {
      Files.walkFileTree(
          root,
          new Tolerant() {
            @Override
            public FileVisitResult preVisitDirectory(Path visited, BasicFileAttributes attributes) {
              work.throwIfUnwanted();
              return !visited.equals(root) && !NAME.matcher(name(visited)).matches()
                  ? FileVisitResult.SKIP_SUBTREE
                  : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
              if (attributes.isRegularFile() && NAME.matcher(name(file)).matches()) {
                files.add(
                    new Listed(
                        name(file), attributes.size(), attributes.lastModifiedTime().toInstant()));
              }
              return FileVisitResult.CONTINUE;
            }
          });
    }
    files.sort(Comparator.comparing(Listed::name));
    return files;
  }

  private String name(Path file) {
    return Objects.requireNonNull(root)
        .relativize(file)
        .toString()
        .replace(File.separatorChar, '/');
  }

  /** Returns the real path of a file; empty where there is none. */
  public Optional<Path> find(String name) {
    if (root == null || !NAME.matcher(name).matches()) {
      return Optional.empty();
    }
    return Optional.of(root.resolve(name))
        .filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS));
  }

  /**
   * Deletes a file, and folders that are empty without it.
   *
   * @return whether there was one
   */
  public boolean delete(String name) throws IOException {
    synchronized (this) {
      changing++;
      changes++;
    }
    long deleted = 0;
    try {
      synchronized (names) {
        var file = find(name);
        if (file.isEmpty()) {
          return false;
        }
        long size = Files.size(file.get());
        Files.delete(file.get());
        deleted = size;
        deleteEmpty(file.get().getParent());
        return true;
      }
    } finally {
      synchronized (this) {
        changing--;
        held -= deleted;
      }
    }
  }

  private void deleteEmpty(@Nullable Path folder) throws IOException {
    while (folder != null && !folder.equals(root)) {
      try {
        Files.delete(folder);
      } catch (DirectoryNotEmptyException e) {
        return;
      }
      folder = folder.getParent();
    }
  }

  /**
   * Begins to take a file.
   *
   * @param name of up to five parts with slashes between them
   * @param sizeBytes what it will have; negative where that is not known
   * @throws InvalidInputException UPLOADS_OFF where nothing is taken, UPLOAD_NAME_TAKEN where the
   *     name is another file's, FILE_TOO_LARGE or UPLOADS_FULL where it is too large
   */
  public Incoming begin(String name, long sizeBytes) throws IOException {
    if (root == null) {
      throw new InvalidInputException(
          Kind.MISMATCH,
          "UPLOADS_OFF",
          "",
          "the server takes no files; set watershed.data.uploads to a directory that trainer and"
              + " evaluator share, or put the file below a data root");
    }
    if (!NAME.matcher(name).matches()) {
      throw invalid(
          "FILE_NAME_INVALID",
          "name",
          "'%s' is no name of up to five parts of letters, digits, dots, dashes and underscores"
              .formatted(Quoted.of(name)));
    }
    Path target = root.resolve(name);
    if (isBelowAFile(target)
        || (Files.exists(target)
            && (!Files.isRegularFile(target)
                || (sizeBytes >= 0 && Files.size(target) != sizeBytes)))) {
      throw taken(name);
    }
    recount(root);
    requireRoom(name, sizeBytes, sizeBytes);
    return new Incoming(name, target, IncomingDirectory.create(root));
  }

  /** Whether a part of the name before the last is that of a file. */
  private boolean isBelowAFile(Path target) {
    for (Path folder = target.getParent();
        folder != null && !folder.equals(root);
        folder = folder.getParent()) {
      if (Files.isRegularFile(folder)) {
        return true;
      }
    }
    return false;
  }

  /** Others may have deleted files; nobody else writes any. */
  private void recount(Path directory) throws IOException {
    long before;
    synchronized (this) {
      if (changing > 0) {
        return;
      }
      before = changes;
    }
    long there = bytesIn(directory);
    synchronized (this) {
      if (changes == before) {
        held = there;
      }
    }
  }

  private static long bytesIn(Path directory) throws IOException {
    long[] bytes = {0};
    Files.walkFileTree(
        directory,
        new Tolerant() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            bytes[0] += attributes.size();
            return FileVisitResult.CONTINUE;
          }
        });
    return bytes[0];
  }

  /** What vanishes meanwhile is passed over. */
  private static class Tolerant extends SimpleFileVisitor<Path> {
    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) {
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException e) {
      return FileVisitResult.CONTINUE;
    }
  }

  private void requireRoom(String name, long fileBytes, long moreBytes) {
    if (fileBytes > maxFileBytes) {
      throw invalid(
          "FILE_TOO_LARGE",
          "",
          String.format(
              Locale.ROOT,
              "'%s' has more than %d bytes, which is what is read of a file"
                  + " (watershed.data.max-file-bytes); split it, or raise that",
              name,
              maxFileBytes));
    }
    long now;
    synchronized (this) {
      now = held;
    }
    if (moreBytes > maxBytes - now) {
      throw new InvalidInputException(
          Kind.EXHAUSTED,
          "UPLOADS_FULL",
          "",
          String.format(
              Locale.ROOT,
              "the uploaded files have %d bytes, and at most %d are kept of all"
                  + " (watershed.data.max-uploads); delete some, or raise it",
              now,
              maxBytes));
    }
  }

  private static InvalidInputException taken(String name) {
    return new InvalidInputException(
        Kind.MISMATCH,
        "UPLOAD_NAME_TAKEN",
        "name",
        "'%s' was uploaded before with other content; choose another name".formatted(name));
  }

  /** A file that is being taken; closing it before it is complete leaves nothing of it. */
  public final class Incoming implements AutoCloseable {
    private final String name;
    private final Path target;
    private final IncomingDirectory directory;
    private final Path aside;
    private final FileChannel channel;
    private final MessageDigest sha256 = Digest.newSha256();
    private long size;
    private boolean kept;

    private Incoming(String name, Path target, IncomingDirectory directory) throws IOException {
      this.name = name;
      this.target = target;
      this.directory = directory;
      this.aside = directory.path().resolve("file");
      try {
        this.channel =
            FileChannel.open(aside, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
      } catch (Throwable e) {
        directory.close();
        throw e;
      }
      synchronized (UploadedFiles.this) {
        changing++;
        changes++;
      }
    }

    /** The directory that it is written in. */
    public Path directory() {
      return directory.path();
    }

    /** Bytes so far. */
    public long sizeBytes() {
      return size;
    }

    /**
     * Appends a part.
     *
     * @throws InvalidInputException FILE_TOO_LARGE or UPLOADS_FULL
     */
    public void write(ByteBuffer part) throws IOException {
      int length = part.remaining();
      requireRoom(name, size + length, length);
      synchronized (UploadedFiles.this) {
        held += length;
      }
      size += length;
      sha256.update(part.duplicate());
      while (part.hasRemaining()) {
        channel.write(part);
      }
    }

    /**
     * Gives the file its name. Where it has that already with the same content, nothing changes.
     *
     * @param work ends the comparison
     * @throws InvalidInputException UPLOAD_NAME_TAKEN where the name is another file's
     */
    public Uploaded complete(FileWork work) throws IOException {
      channel.force(true);
      channel.close();
      var digest = new Digest(HexFormat.of().formatHex(sha256.digest()), size);
      while (!kept && !isThere(digest, work)) {
        kept = publish();
      }
      return new Uploaded(SCHEME + ":" + name, digest);
    }

    /** Returns false where the name was given to another file meanwhile. */
    private boolean publish() throws IOException {
      synchronized (names) {
        try {
          Files.createDirectories(target.resolveSibling(""));
        } catch (FileSystemException e) {
          // A folder's name has become a file's meanwhile.
          if (isBelowAFile(target)) {
            throw taken(name);
          }
          throw e;
        }
        try {
          DurableFiles.publish(aside, target);
          return true;
        } catch (FileAlreadyExistsException e) {
          return false;
        }
      }
    }

    /** Whether the name is that of the same content; it may be deleted at any moment. */
    private boolean isThere(Digest digest, FileWork work) throws IOException {
      try {
        if (Files.isRegularFile(target) && Digest.of(target, work).equals(digest)) {
          return true;
        }
      } catch (NoSuchFileException e) {
        return false;
      }
      if (Files.exists(target)) {
        throw taken(name);
      }
      return false;
    }

    @Override
    public void close() throws IOException {
      try {
        channel.close();
      } finally {
        try {
          directory.close();
        } finally {
          synchronized (UploadedFiles.this) {
            changing--;
            held -= kept ? 0 : size;
          }
        }
      }
    }
  }
}

package dev.watershed.classifier.checkpoint;

import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** Files that are whole on the disk, or not there. */
public final class DurableFiles {
  private static final int BLOCK_BYTES = 1 << 20;

  private DurableFiles() {}

  /** Writes and flushes a file. */
  static void write(Path file, byte[] content) throws IOException {
    try (FileChannel out =
        FileChannel.open(
            file,
            StandardOpenOption.WRITE,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      out.force(true);
    }
  }

  /** Copies and flushes a file of our own. */
  static Digest copy(Path from, Path to) throws IOException {
    return copy(from, to, Files.size(from), FileWork.UNINTERRUPTED);
  }

  /**
   * Copies and flushes a file; returns the digest of the bytes that were copied.
   *
   * @param sizeBytes what it was said to have
   * @throws InvalidInputException CORRUPT with reason FILE_CHANGED where it has more by now
   */
  public static Digest copy(Path from, Path to, long sizeBytes, FileWork work) throws IOException {
    MessageDigest sha256 = Digest.newSha256();
    long size = 0;
    try (FileChannel in =
            FileChannel.open(from, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
        FileChannel out =
            FileChannel.open(to, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
      ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES);
      while (in.read(block.clear()) >= 0) {
        work.throwIfUnwanted();
        block.flip();
        size += block.remaining();
        if (size > sizeBytes) {
          throw WeightFiles.changed(
              String.valueOf(from.getFileName()), "it had " + sizeBytes + " bytes and grew");
        }
        sha256.update(block.duplicate());
        while (block.hasRemaining()) {
          out.write(block);
        }
      }
      out.force(true);
    }
    return new Digest(HexFormat.of().formatHex(sha256.digest()), size);
  }

  /**
   * Throws unless a name stands for a plain file of its directory, or for nothing: a link could
   * lead to what the caller may not read.
   */
  static void requirePlain(Path directory, String name) {
    Path file = directory.resolve(name);
    if (Files.isSymbolicLink(file)) {
      throw new InvalidInputException(
          InvalidInputException.Kind.FORBIDDEN,
          "SYMBOLIC_LINK",
          name,
          "%s is a symbolic link; give a directory of plain files (cp -rL makes one)"
              .formatted(name));
    }
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw InvalidInputException.invalid(
          "NO_PLAIN_FILE", name, "%s is a directory or device, not a file".formatted(name));
    }
    if (Files.exists(file) && !Files.isReadable(file)) {
      throw new InvalidInputException(
          InvalidInputException.Kind.FORBIDDEN,
          "FILE_UNREADABLE",
          name,
          "the server may not read %s; give its user the permission".formatted(name));
    }
  }

  /** Gives a flushed file or directory its final name at once, and makes the name durable. */
  public static void rename(Path aside, Path to) throws IOException {
    Files.move(aside, to, StandardCopyOption.ATOMIC_MOVE);
    Path parent = to.toAbsolutePath().getParent();
    if (parent != null) {
      flushDirectory(parent);
    }
  }

  /**
   * Gives a flushed file a second name that nothing has, and makes the name durable.
   *
   * @throws java.nio.file.FileAlreadyExistsException where something has it
   */
  public static void publish(Path aside, Path to) throws IOException {
    try {
      Files.createLink(to, aside);
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (FileSystemException | UnsupportedOperationException e) {
      Files.move(aside, to); // a file system that knows no second names
    }
    Path parent = to.toAbsolutePath().getParent();
    if (parent != null) {
      flushDirectory(parent);
    }
  }

  /** Makes the names in a directory durable. */
  static void flushDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Makes the files of a directory, and their names, durable. */
  public static void flush(Path directory) throws IOException {
    List<Path> files;
    try (Stream<Path> listed = Files.list(directory)) {
      files = listed.toList();
    }
    for (Path file : files) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
    }
    flushDirectory(directory);
  }

  /**
   * Deletes a directory and all that is in it, as far as it exists; links, not what they lead to.
   */
  public static void deleteDirectory(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return;
    }
    List<Path> entries;
    try (Stream<Path> listed = Files.list(directory)) {
      entries = listed.toList();
    }
    for (Path entry : entries) {
      if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
        deleteDirectory(entry);
      } else {
        Files.deleteIfExists(entry);
      }
    }
    Files.deleteIfExists(directory);
  }
}

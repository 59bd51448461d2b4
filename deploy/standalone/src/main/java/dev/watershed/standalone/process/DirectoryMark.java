package dev.watershed.standalone.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * What the parts of one data directory have in common, so that parts of another, or of an earlier
 * time, are noticed.
 *
 * @param id of the directory, for its life
 * @param generation how often it was put together anew by {@code serve --adopt}
 */
record DirectoryMark(String id, long generation) {
  private static final Pattern LINE = Pattern.compile("([0-9a-f-]{36}) (\\d{1,15})");

  static DirectoryMark first() {
    return new DirectoryMark(UUID.randomUUID().toString(), 1);
  }

  DirectoryMark next() {
    return new DirectoryMark(id, generation + 1);
  }

  /**
   * @throws StartException where something else is in the file
   */
  static Optional<DirectoryMark> read(Path file) {
    try {
      String line = Files.readString(file).strip();
      var parts = LINE.matcher(line);
      if (!parts.matches()) {
        throw new StartException(
            file
                + " is damaged: it should hold the id and the generation of the data directory."
                + " Restore it from a backup, or delete it and start with 'serve --adopt'.");
      }
      return Optional.of(new DirectoryMark(parts.group(1), Long.parseLong(parts.group(2))));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new StartException("cannot read " + file + ": " + DataDirectory.reason(e), e);
    }
  }

  void write(Path file) {
    try {
      Path aside = file.resolveSibling(file.getFileName() + ".new");
      Files.writeString(aside, id + " " + generation + "\n");
      Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new StartException("cannot write " + file + ": " + DataDirectory.reason(e), e);
    }
  }
}

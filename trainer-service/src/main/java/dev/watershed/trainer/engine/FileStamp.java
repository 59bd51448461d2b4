package dev.watershed.trainer.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;

/** A file as it is now; another stamp means that it may have changed. */
record FileStamp(Path file, long sizeBytes, FileTime modified) {
  static FileStamp of(Path file) throws IOException {
    return new FileStamp(file, Files.size(file), Files.getLastModifiedTime(file));
  }
}

package dev.watershed.classifier.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import org.jspecify.annotations.Nullable;

/**
 * A file as the file system describes it, without reading it; another version means that its
 * content may have changed.
 *
 * @param key tells a file from one renamed onto its place; null where the file system has none
 */
record FileVersion(long sizeBytes, FileTime modified, @Nullable Object key) {
  static FileVersion of(Path file) throws IOException {
    var attributes = Files.readAttributes(file, BasicFileAttributes.class);
    return new FileVersion(attributes.size(), attributes.lastModifiedTime(), attributes.fileKey());
  }
}

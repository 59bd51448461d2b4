package dev.watershed.server.dataset;

import dev.watershed.classifier.data.DataLimits;
import dev.watershed.server.ByteSize;
import dev.watershed.server.ConfigurationException;
import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which files requests may name, and how much of them is read.
 *
 * @param roots directories below which files may be read; none by default
 * @param maxFileBytes length of a file, uncompressed
 * @param maxRows rows of a file
 * @param maxDatasetBytes what the rows kept of one data set may take, outside the heap
 * @param memory what all data sets may take at a time, outside the heap
 * @param uploads directory of the files that callers send, which is a data root too; trainer and
 *     evaluator share it. None by default, and no file is taken then
 * @param maxUploads what these files may have together
 */
@ConfigurationProperties("watershed.data")
record DataConfiguration(
    @Bindable(defaultValue = "") List<Path> roots,
    @Bindable(defaultValue = "2GiB") ByteSize maxFileBytes,
    @Bindable(defaultValue = "10000000") int maxRows,
    @Bindable(defaultValue = "1GiB") ByteSize maxDatasetBytes,
    @Bindable(defaultValue = "2GiB") ByteSize memory,
    @Nullable Path uploads,
    @Bindable(defaultValue = "16GiB") ByteSize maxUploads) {
  private static final String PREFIX = "watershed.data.";

  DataConfiguration {
    ConfigurationException.requireAtLeast(PREFIX + "max-file-bytes", maxFileBytes.bytes(), 1);
    ConfigurationException.requireAtLeast(PREFIX + "max-rows", maxRows, 1);
    ConfigurationException.requireAtLeast(PREFIX + "max-dataset-bytes", maxDatasetBytes.bytes(), 1);
    ConfigurationException.requireAtLeast(PREFIX + "memory", memory.bytes(), 1);
    ConfigurationException.requireAtLeast(PREFIX + "max-uploads", maxUploads.bytes(), 1);
  }

  DataLimits limits() {
    return new DataLimits(
        maxFileBytes.bytes(),
        DataLimits.DEFAULT.rowCharacters(),
        maxRows,
        maxDatasetBytes.bytes(),
        memory.bytes());
  }
}

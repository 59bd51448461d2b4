package dev.watershed.server.dataset;

import dev.watershed.classifier.data.DataLimits;
import dev.watershed.server.ByteSize;
import dev.watershed.server.ConfigurationException;
import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.nio.file.Path;
import java.util.List;

/**
 * Which files requests may name, and how much of them is read.
 *
 * @param roots directories below which files may be read; none by default
 * @param maxFileBytes length of a file, uncompressed
 * @param maxRows rows of a file
 * @param maxDatasetBytes what the rows kept of one data set may take, outside the heap
 * @param memory what all data sets may take at a time, outside the heap
 */
@ConfigurationProperties("watershed.data")
record DataConfiguration(
    @Bindable(defaultValue = "") List<Path> roots,
    @Bindable(defaultValue = "2GiB") ByteSize maxFileBytes,
    @Bindable(defaultValue = "10000000") int maxRows,
    @Bindable(defaultValue = "1GiB") ByteSize maxDatasetBytes,
    @Bindable(defaultValue = "2GiB") ByteSize memory) {
  private static final String PREFIX = "watershed.data.";

  DataConfiguration {
    ConfigurationException.requireAtLeast(PREFIX + "max-file-bytes", maxFileBytes.bytes(), 1);
    ConfigurationException.requireAtLeast(PREFIX + "max-rows", maxRows, 1);
    ConfigurationException.requireAtLeast(PREFIX + "max-dataset-bytes", maxDatasetBytes.bytes(), 1);
    ConfigurationException.requireAtLeast(PREFIX + "memory", memory.bytes(), 1);
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

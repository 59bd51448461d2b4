package dev.watershed.server.dataset;

import dev.watershed.classifier.data.DataLimits;
import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import io.micronaut.core.convert.format.ReadableBytes;
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
    @ReadableBytes @Bindable(defaultValue = "2147483648") long maxFileBytes,
    @Bindable(defaultValue = "10000000") int maxRows,
    @ReadableBytes @Bindable(defaultValue = "1073741824") long maxDatasetBytes,
    @ReadableBytes @Bindable(defaultValue = "2147483648") long memory) {

  DataLimits limits() {
    return new DataLimits(
        maxFileBytes, DataLimits.DEFAULT.rowCharacters(), maxRows, maxDatasetBytes, memory);
  }
}

package dev.watershed.server;

import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.nio.file.Path;
import java.util.List;

/**
 * What is kept free on disks.
 *
 * @param directories where this process keeps what must not be lost; while one of them has less
 *     than the reserve, nothing new is accepted and the process says that it is not ready
 * @param reserve what stays free beside whatever is written, for databases to go on
 */
@ConfigurationProperties("watershed.disk")
public record DiskConfiguration(
    @Bindable(defaultValue = "") List<Path> directories,
    @Bindable(defaultValue = "64MiB") ByteSize reserve) {
  public DiskConfiguration {
    directories = List.copyOf(directories);
  }
}

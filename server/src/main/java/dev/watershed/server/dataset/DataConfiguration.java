package dev.watershed.server.dataset;

import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.nio.file.Path;
import java.util.List;

/**
 * Which files requests may name.
 *
 * @param roots directories below which files may be read; none by default
 */
@ConfigurationProperties("watershed.data")
record DataConfiguration(@Bindable(defaultValue = "") List<Path> roots) {}

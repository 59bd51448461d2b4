package dev.watershed.server.dataset;

import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.nio.file.Path;

/**
 * Where checkpoints are.
 *
 * @param root directory of the store that trainers write and evaluators read
 * @param maxBytes bytes that the files of one registered checkpoint may have together
 */
@ConfigurationProperties("watershed.checkpoints")
record CheckpointsConfiguration(Path root, @Bindable(defaultValue = "8589934592") long maxBytes) {}

package dev.watershed.server.dataset;

import io.micronaut.context.annotation.ConfigurationProperties;
import java.nio.file.Path;

/**
 * Where checkpoints are.
 *
 * @param root directory of the store that trainers write and evaluators read
 */
@ConfigurationProperties("watershed.checkpoints")
record CheckpointsConfiguration(Path root) {}

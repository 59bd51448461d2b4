/** The gRPC face: {@code TrainingService} and {@code CheckpointService}. */
@NullMarked
package dev.watershed.trainer.grpc;

import org.jspecify.annotations.NullMarked;

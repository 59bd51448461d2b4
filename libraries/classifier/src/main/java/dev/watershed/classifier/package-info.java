/**
 * What a checkpoint is and how to run one. Knows DJL; knows neither gRPC nor the generated
 * messages.
 */
@NullMarked
package dev.watershed.classifier;

import org.jspecify.annotations.NullMarked;

/**
 * What others wrote and we read or repeat: how it is quoted, why it is refused, and which files a
 * model's folder has. Knows neither libtorch nor gRPC nor the generated messages.
 */
@NullMarked
package dev.watershed.input;

import org.jspecify.annotations.NullMarked;

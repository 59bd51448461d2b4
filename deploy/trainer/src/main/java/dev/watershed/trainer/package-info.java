/** The process of the trainer. */
@NullMarked
package dev.watershed.trainer;

import org.jspecify.annotations.NullMarked;

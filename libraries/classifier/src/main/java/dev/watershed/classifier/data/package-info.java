/** Labelled examples: splits of files and of the built-in task, samples of them, labels by name. */
@NullMarked
package dev.watershed.classifier.data;

import org.jspecify.annotations.NullMarked;

/**
 * What a model is: an architecture, a layout of its parameters, one flat vector of them, and the
 * directories they are read from and written to.
 */
@NullMarked
package dev.watershed.classifier.checkpoint;

import org.jspecify.annotations.NullMarked;

/** From text to token ids: tokenizers, encoded examples and length-sorted batches. */
@NullMarked
package dev.watershed.classifier.text;

import org.jspecify.annotations.NullMarked;

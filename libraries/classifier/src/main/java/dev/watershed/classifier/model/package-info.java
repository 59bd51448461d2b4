/**
 * Running a model: text encoders as functions of one flat parameter vector, compiled by libtorch,
 * and the arithmetic of evaluating and training them.
 */
@NullMarked
package dev.watershed.classifier.model;

import org.jspecify.annotations.NullMarked;

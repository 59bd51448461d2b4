/**
 * What requests say of data and checkpoints, in the classifier's terms, and its answers in theirs.
 * Only services that run models use it: it is the one package here that needs the classifier.
 */
@NullMarked
package dev.watershed.server.dataset;

import org.jspecify.annotations.NullMarked;

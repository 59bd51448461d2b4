/** The evaluation service as callers see it: check, call, answer. */
@NullMarked
package dev.watershed.eval.grpc;

import org.jspecify.annotations.NullMarked;

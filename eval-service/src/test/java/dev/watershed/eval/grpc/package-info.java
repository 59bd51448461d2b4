@NullMarked
package dev.watershed.eval.grpc;

import org.jspecify.annotations.NullMarked;

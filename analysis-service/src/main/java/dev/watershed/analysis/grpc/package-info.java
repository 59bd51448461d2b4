/** The services on the wire: check, call, answer. */
@NullMarked
package dev.watershed.analysis.grpc;

import org.jspecify.annotations.NullMarked;

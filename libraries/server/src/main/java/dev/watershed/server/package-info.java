/**
 * How our processes serve gRPC: checked requests, errors as {@code google.rpc.Status}, streams that
 * heed their reader, health, reflection and an orderly end.
 */
@NullMarked
package dev.watershed.server;

import org.jspecify.annotations.NullMarked;

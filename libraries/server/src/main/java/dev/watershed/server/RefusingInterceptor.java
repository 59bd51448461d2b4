package dev.watershed.server;

import io.grpc.ServerInterceptor;

/** Refuses calls of a server by their name or headers, with a full status, before they are read. */
public interface RefusingInterceptor extends ServerInterceptor {}

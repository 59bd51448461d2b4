package dev.watershed.server;

import dev.watershed.server.v1.ServerInfo;

/** What a service of this process has to tell of it. */
@FunctionalInterface
public interface ServerFacts {
  /** Adds limits and what computes. */
  void addTo(ServerInfo.Builder info);
}

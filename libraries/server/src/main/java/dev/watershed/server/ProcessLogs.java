package dev.watershed.server;

import java.util.logging.Level;
import java.util.logging.Logger;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** What a process of ours logs, and where. */
public final class ProcessLogs {
  /**
   * Reports with a stack trace whoever connects and speaks no HTTP/2, such as a browser or a probe:
   * no concern of the log. Held here, since a logger that nobody holds forgets its level.
   */
  private static final Logger TRANSPORT = Logger.getLogger("io.grpc.netty");

  private ProcessLogs() {}

  /** gRPC logs through java.util.logging: one format, one place. */
  public static void gather() {
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    TRANSPORT.setLevel(Level.OFF);
  }
}

package dev.watershed.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Passes connections on, until it is told to swallow what they carry: then they stay open and
 * nothing arrives, as where a router has forgotten them. Later connections are passed on.
 */
public final class SwallowingProxy implements AutoCloseable {
  private final ServerSocket listening;
  private final int target;
  private final List<AtomicBoolean> connections = new CopyOnWriteArrayList<>();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();

  /**
   * @param target port on loopback
   */
  public SwallowingProxy(int target) throws IOException {
    this.target = target;
    this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  public String address() {
    return "127.0.0.1:" + listening.getLocalPort();
  }

  public int connections() {
    return connections.size();
  }

  /** From now on, nothing of the connections that there are arrives. */
  public void swallow() {
    connections.forEach(connection -> connection.set(true));
  }

  private void accept() {
    while (!listening.isClosed()) {
      try {
        Socket client = listening.accept();
        Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
        sockets.addAll(List.of(client, server));
        AtomicBoolean swallowed = new AtomicBoolean();
        connections.add(swallowed);
        Thread.ofVirtual().start(() -> pass(client, server, swallowed));
        Thread.ofVirtual().start(() -> pass(server, client, swallowed));
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  private static void pass(Socket from, Socket to, AtomicBoolean swallowed) {
    byte[] buffer = new byte[1 << 16];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        if (!swallowed.get()) {
          out.write(buffer, 0, count);
        }
      }
      if (!swallowed.get()) {
        to.close();
      }
    } catch (IOException e) {
      return; // one of the two is closed
    }
  }

  @Override
  public void close() {
    try {
      listening.close();
      for (Socket socket : sockets) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

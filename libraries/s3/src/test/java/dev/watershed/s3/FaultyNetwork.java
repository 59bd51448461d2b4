package dev.watershed.s3;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What lies between a client and a server on this machine, and does not always work. */
final class FaultyNetwork implements AutoCloseable {
  private static final Pattern REQUEST =
      Pattern.compile("(?s)(GET|PUT|POST|DELETE|HEAD) \\S+ HTTP/1.1\r\n.*");

  /** What happens to a request. */
  enum Kind {
    /** The connection breaks after some bytes of the answer; the request was done. */
    CUT_ANSWER,
    /** The connection breaks after some bytes of the request. */
    CUT_REQUEST,
    /** The request does not arrive; 503 is the answer. */
    ANSWER_503,
    /** Nothing arrives, and nothing comes back. */
    SILENCE
  }

  private record Fault(Kind kind, String request, long bytes, AtomicInteger times) {}

  private final ServerSocket server;
  private volatile int target;
  private final List<Fault> faults = new CopyOnWriteArrayList<>();
  private final AtomicInteger happened = new AtomicInteger();
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

  FaultyNetwork(int target) throws IOException {
    this.target = target;
    this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  /** How many faults there were. */
  int happened() {
    return happened.get();
  }

  /**
   * Spoils requests.
   *
   * @param request what stands in the first line of those that are spoilt
   * @param times how many are
   * @param bytes after which the connection breaks
   */
  void spoil(Kind kind, String request, int times, long bytes) {
    faults.add(new Fault(kind, request, bytes, new AtomicInteger(times)));
  }

  /** Connections that are made from here on lead to another server. */
  void leadTo(int port) {
    target = port;
  }

  /** From here on everything works. */
  void mend() {
    faults.clear();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        Socket upstream = new Socket(InetAddress.getLoopbackAddress(), target);
        sockets.add(client);
        sockets.add(upstream);
        var fault = new AtomicReference<Fault>();
        Thread.ofVirtual()
            .start(() -> quietly(() -> requests(client, upstream, fault), client, upstream));
        Thread.ofVirtual()
            .start(() -> quietly(() -> answers(client, upstream, fault), client, upstream));
      } catch (IOException e) {
        // The server is away, or this is closed.
      }
    }
  }

  private interface Pump {
    void run() throws IOException;
  }

  private static void quietly(Pump pump, Socket client, Socket upstream) {
    try (client;
        upstream) {
      pump.run();
    } catch (IOException e) {
      // One end is gone, and then both are.
    }
  }

  private void requests(Socket client, Socket upstream, AtomicReference<Fault> fault)
      throws IOException {
    byte[] block = new byte[1 << 16];
    long sent = 0;
    for (int read; (read = client.getInputStream().read(block)) >= 0; ) {
      String head = new String(block, 0, Math.min(read, 2000), ISO_8859_1);
      if (REQUEST.matcher(head).matches()) {
        fault.set(next(head.lines().findFirst().orElse("")));
        sent = 0;
      }
      Fault now = fault.get();
      if (now != null && now.kind() == Kind.SILENCE) {
        continue;
      }
      if (now != null && now.kind() == Kind.ANSWER_503) {
        client
            .getOutputStream()
            .write(
                "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                    .getBytes(ISO_8859_1));
        return;
      }
      if (now != null && now.kind() == Kind.CUT_REQUEST && sent + read > now.bytes()) {
        upstream.getOutputStream().write(block, 0, (int) (now.bytes() - sent));
        return;
      }
      upstream.getOutputStream().write(block, 0, read);
      sent += read;
    }
  }

  private void answers(Socket client, Socket upstream, AtomicReference<Fault> fault)
      throws IOException {
    byte[] block = new byte[1 << 16];
    long spoilt = 0;
    for (int read; (read = upstream.getInputStream().read(block)) >= 0; ) {
      Fault now = fault.get();
      if (now != null && now.kind() == Kind.CUT_ANSWER && spoilt + read > now.bytes()) {
        client.getOutputStream().write(block, 0, (int) (now.bytes() - spoilt));
        return;
      }
      client.getOutputStream().write(block, 0, read);
      // A connection lives no longer than its first answer that breaks off.
      spoilt += now != null && now.kind() == Kind.CUT_ANSWER ? read : 0;
    }
  }

  /** The fault that a request meets, if it meets one. */
  private @Nullable Fault next(String line) {
    for (Fault fault : faults) {
      if (line.contains(fault.request()) && fault.times().getAndDecrement() > 0) {
        happened.incrementAndGet();
        return fault;
      }
    }
    return null;
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}

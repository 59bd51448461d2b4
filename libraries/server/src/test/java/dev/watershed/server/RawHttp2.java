package dev.watershed.server;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;

/** As much of HTTP/2 as it takes to ping; it never answers the other's pings. */
final class RawHttp2 implements AutoCloseable {
  static final int SETTINGS = 4;
  static final int PING = 6;
  static final int GOAWAY = 7;
  private static final int ACKNOWLEDGEMENT = 1;

  private final Socket socket;
  private final DataInputStream in;

  RawHttp2(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(20_000);
    in = new DataInputStream(socket.getInputStream());
    socket
        .getOutputStream()
        .write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    frame(SETTINGS, 0, new byte[0]);
    frame(SETTINGS, ACKNOWLEDGEMENT, new byte[0]);
  }

  void ping() throws IOException {
    frame(PING, 0, new byte[8]);
  }

  /** Returns the types of the frames up to the answer, without that. */
  Set<Integer> untilPingAnswered() throws IOException {
    var seen = new HashSet<Integer>();
    while (true) {
      int header = readFrame();
      if (header == (PING << 8 | ACKNOWLEDGEMENT)) {
        return seen;
      }
      seen.add(header >> 8);
    }
  }

  /** Returns the types of the frames up to the connection's end. */
  Set<Integer> untilClosed() throws IOException {
    var seen = new HashSet<Integer>();
    try {
      while (true) {
        seen.add(readFrame() >> 8);
      }
    } catch (EOFException | java.net.SocketException e) {
      return seen;
    }
  }

  /** Returns type and flags of the next frame. */
  private int readFrame() throws IOException {
    int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
    int header = in.readUnsignedShort();
    in.skipNBytes(4L + length);
    return header;
  }

  private void frame(int type, int flags, byte[] payload) throws IOException {
    var frame = new byte[9 + payload.length];
    frame[2] = (byte) payload.length;
    frame[3] = (byte) type;
    frame[4] = (byte) flags;
    System.arraycopy(payload, 0, frame, 9, payload.length);
    socket.getOutputStream().write(frame);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}

package dev.watershed.analysis.grpc;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;

/** One file of an export, sent in parts as it is written. The last part is sent by closing. */
final class FileParts extends OutputStream {
  private static final int PART_BYTES = 1 << 18;

  private final String fileName;
  private final Sender sender;
  private final byte[] part = new byte[PART_BYTES];
  private int length;

  /** Where parts go. */
  @FunctionalInterface
  interface Sender {
    void send(ByteString part) throws InterruptedException;
  }

  FileParts(String fileName, Sender sender) {
    this.fileName = fileName;
    this.sender = sender;
  }

  @Override
  public void write(int value) throws IOException {
    if (length == PART_BYTES) {
      send();
    }
    part[length++] = (byte) value;
  }

  @Override
  public void write(byte[] bytes, int offset, int count) throws IOException {
    int written = 0;
    while (written < count) {
      if (length == PART_BYTES) {
        send();
      }
      int taken = Math.min(count - written, PART_BYTES - length);
      System.arraycopy(bytes, offset + written, part, length, taken);
      length += taken;
      written += taken;
    }
  }

  @Override
  public void close() throws IOException {
    if (length > 0) {
      send();
    }
  }

  private void send() throws IOException {
    try {
      sender.send(ByteString.copyFrom(part, 0, length));
      length = 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("sending " + fileName + " was interrupted");
    }
  }
}

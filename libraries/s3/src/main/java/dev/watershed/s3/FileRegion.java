package dev.watershed.s3;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The bytes of a file from one place to another. */
final class FileRegion extends InputStream {
  private final FileChannel channel;
  private final long end;
  private long at;

  private FileRegion(FileChannel channel, long offset, long length) {
    this.channel = channel;
    this.at = offset;
    this.end = offset + length;
  }

  static FileRegion open(Path file, long offset, long length) throws IOException {
    return new FileRegion(FileChannel.open(file, StandardOpenOption.READ), offset, length);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (at >= end) {
      return -1;
    }
    int wanted = (int) Math.min(length, end - at);
    int read = channel.read(ByteBuffer.wrap(into, offset, wanted), at);
    if (read > 0) {
      at += read;
    }
    return read;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}

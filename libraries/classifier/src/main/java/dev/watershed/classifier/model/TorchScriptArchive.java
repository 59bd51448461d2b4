package dev.watershed.classifier.model;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Packs TorchScript source text into the bytes of a stateless module that libtorch 2.7 loads: a zip
 * of stored entries with the text and a pickled instance of its class.
 */
final class TorchScriptArchive {
  private TorchScriptArchive() {}

  /** Returns the archive of a module class {@code name} whose text is {@code source}. */
  static byte[] pack(String name, String source) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var zip = new ZipOutputStream(bytes)) {
      stored(zip, "m/data.pkl", statelessModulePickle(name));
      stored(zip, "m/code/__torch__.py", source.getBytes(StandardCharsets.UTF_8));
      stored(zip, "m/constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'}); // PROTO 2, (), STOP
      stored(zip, "m/version", "10\n".getBytes(StandardCharsets.US_ASCII));
    }
    return bytes.toByteArray();
  }

  /** A pickled instance of the class whose only state is {@code training = False}. */
  private static byte[] statelessModulePickle(String name) throws IOException {
    var out = new ByteArrayOutputStream();
    out.write(new byte[] {(byte) 0x80, 2}); // PROTO 2
    out.write(("c__torch__\n" + name + "\n").getBytes(StandardCharsets.US_ASCII)); // GLOBAL
    out.write(new byte[] {')', (byte) 0x81, '}', '('}); // EMPTY_TUPLE NEWOBJ EMPTY_DICT MARK
    byte[] key = "training".getBytes(StandardCharsets.US_ASCII);
    out.write(new byte[] {'X', (byte) key.length, 0, 0, 0}); // BINUNICODE
    out.write(key);
    out.write(new byte[] {(byte) 0x89, 'u', 'b', '.'}); // NEWFALSE SETITEMS BUILD STOP
    return out.toByteArray();
  }

  private static void stored(ZipOutputStream zip, String name, byte[] content) throws IOException {
    var entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCompressedSize(content.length);
    var crc = new CRC32();
    crc.update(content);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}

package dev.watershed.analysis.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;

/** Key pairs that sign themselves, made by the JDK's own keytool, as PEM files. */
public record Certificates(Path directory) {
  private static final String PASSWORD = "changeit";

  /** Makes one, for the addresses of this machine. */
  public void make(String name) throws Exception {
    Path store = directory.resolve(name + ".p12");
    var keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                name,
                "-keyalg",
                "EC",
                "-dname",
                "CN=" + name,
                "-ext",
                "SAN=dns:localhost,ip:127.0.0.1",
                "-validity",
                "7",
                "-storetype",
                "PKCS12",
                "-storepass",
                PASSWORD,
                "-keystore",
                store.toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve(name + ".log").toFile())
            .start();
    assertThat(keytool.waitFor()).isZero();
    var keys = KeyStore.getInstance("PKCS12");
    try (var in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    write(key(name), "PRIVATE KEY", keys.getKey(name, PASSWORD.toCharArray()).getEncoded());
    write(certificate(name), "CERTIFICATE", keys.getCertificate(name).getEncoded());
  }

  private static void write(String file, String what, byte[] content) throws Exception {
    var text = Base64.getMimeEncoder().encodeToString(content);
    Files.writeString(
        Path.of(file), "-----BEGIN " + what + "-----\n" + text + "\n-----END " + what + "-----\n");
  }

  /** The file of its certificate. */
  public String certificate(String name) {
    return directory.resolve(name + ".pem").toString();
  }

  /** The file of its private key. */
  public String key(String name) {
    return directory.resolve(name + ".key").toString();
  }
}

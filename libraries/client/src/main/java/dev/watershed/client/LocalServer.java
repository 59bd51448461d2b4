package dev.watershed.client;

import io.grpc.Metadata;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The server of a data directory on this machine: it holds the directory's {@code lock} and tells
 * in {@code endpoint} where it listens.
 *
 * @param directory absolute
 */
public record LocalServer(Path directory) {
  /** What a client that was told a data directory, and no address, says to be sure. */
  public static final Metadata.Key<String> DIRECTORY =
      Metadata.Key.of("watershed-data-directory", Metadata.ASCII_STRING_MARSHALLER);

  private static final Pattern ENDPOINT =
      Pattern.compile("([^\\s/]{1,300}:\\d{1,5})(?: ([0-9a-f-]{1,64}))?");

  /**
   * Where a server listens, or listened.
   *
   * @param address host:port
   * @param identity of the data directory that it keeps; empty where it did not say
   */
  public record Endpoint(String address, String identity) {}

  /**
   * The server of the directory named on a command line, else by WATERSHED_DATA, else of
   * ~/.watershed. Home is HOME, as for every other program, and not what the list of users says.
   *
   * @throws ClientException where neither says where home is
   */
  public static LocalServer at(@Nullable Path chosen, Map<String, String> variables) {
    if (chosen != null) {
      return new LocalServer(chosen.toAbsolutePath().normalize());
    }
    String variable = variables.get("WATERSHED_DATA");
    Path root =
        variable != null && !variable.isBlank()
            ? Path.of(variable)
            : home(variables.getOrDefault("HOME", "")).resolve(".watershed");
    return new LocalServer(root.toAbsolutePath().normalize());
  }

  private static Path home(String variable) {
    if (variable.startsWith("/")) {
      return Path.of(variable);
    }
    // "?" for a user that is in no list of users, as in many containers.
    String listed = System.getProperty("user.home", "");
    if (!listed.startsWith("/")) {
      throw new ClientException(
          "there is no home directory to keep data in (HOME is not set, and the user is not in the"
              + " list of users); say where with --data DIR or WATERSHED_DATA");
    }
    return Path.of(listed);
  }

  /** The file that says where the server listens. */
  public Path endpointFile() {
    return directory.resolve("endpoint");
  }

  /** The file whose lock the server holds. */
  public Path lockFile() {
    return directory.resolve("lock");
  }

  /** The server that runs here, or the last one that was killed: see {@link #isRunning}. */
  public Optional<Endpoint> endpoint() {
    try {
      var text = ENDPOINT.matcher(Files.readString(endpointFile()).strip());
      return text.matches()
          ? Optional.of(new Endpoint(text.group(1), Objects.requireNonNullElse(text.group(2), "")))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Tells clients on this machine where the server listens; for who holds the lock. */
  public void publish(Endpoint endpoint) throws IOException {
    Path aside = directory.resolve("endpoint.new");
    Files.writeString(aside, endpoint.address() + " " + endpoint.identity() + "\n");
    Files.move(
        aside, endpointFile(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Whether a process holds the lock now. */
  public boolean isRunning() {
    try (FileChannel file = FileChannel.open(lockFile(), StandardOpenOption.READ);
        FileLock lock = file.tryLock(0, Long.MAX_VALUE, true)) {
      return lock == null;
    } catch (OverlappingFileLockException e) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}

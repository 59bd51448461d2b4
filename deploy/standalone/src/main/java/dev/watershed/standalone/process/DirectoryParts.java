package dev.watershed.standalone.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The databases and the checkpoints of a data directory, which belong together. */
final class DirectoryParts {
  private static final String BUILTIN = "dev/watershed/classifier/builtin/index";

  private final DataDirectory directory;
  private final List<EmbeddedDatabase> databases;
  private final Path ownMark;
  private final Path storeMark;

  DirectoryParts(DataDirectory directory) {
    this.directory = directory;
    this.databases =
        Stream.of("trainer", "analysis")
            .map(name -> new EmbeddedDatabase(directory.databases(), name))
            .toList();
    this.ownMark = directory.root().resolve("identity");
    this.storeMark = directory.checkpoints().resolve(".data-directory");
  }

  /** The database of a service. */
  EmbeddedDatabase database(String name) {
    return databases.stream()
        .filter(database -> database.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /**
   * Looks whether all parts are there and of this directory, before anything is opened for use.
   *
   * @param adopt whether to go on with what is there in any case
   * @return what the parts are to be stamped with once they are in use
   * @throws StartException naming what is missing
   */
  DirectoryMark check(boolean adopt) {
    Optional<DirectoryMark> own = DirectoryMark.read(ownMark);
    Optional<DirectoryMark> store = DirectoryMark.read(storeMark);
    var problems = new ArrayList<String>();
    var marks = new ArrayList<DirectoryMark>();
    store.ifPresent(marks::add);
    int checkpoints = checkpointCount();
    boolean used = own.isPresent() || checkpoints > 0;
    for (EmbeddedDatabase database : databases) {
      Optional<String> damage = database.damage();
      if (damage.isPresent()) {
        if (used) {
          problems.add(damage.get());
        }
      } else {
        Optional<DirectoryMark> mark = database.mark();
        mark.ifPresent(marks::add);
        if (own.isPresent() && !mark.equals(own)) {
          problems.add("db/" + database.file().getFileName() + " " + foreign(mark, own.get()));
        }
      }
    }
    if (own.isPresent() && !store.equals(own)) {
      problems.add(
          store.isEmpty() && checkpoints == 0
              ? "checkpoints/ was removed or emptied"
              : "checkpoints/ " + foreign(store, own.get()));
    }
    // Without a mark of its own, a directory is of an older version, or its first start was killed.
    if (own.isEmpty() && marks.stream().distinct().count() > 1) {
      problems.add("identity is missing, and the databases and checkpoints are of different ones");
    }
    DirectoryMark mark = own.or(() -> marks.stream().findFirst()).orElseGet(DirectoryMark::first);
    if (problems.isEmpty()) {
      return mark;
    }
    if (!adopt) {
      throw new StartException(
          "the parts of the data directory "
              + directory.root()
              + " do not belong together: "
              + String.join("; ", problems)
              + ". Restore from a backup what is missing, or start with 'serve --adopt': what is"
              + " missing begins empty, and the "
              + checkpoints
              + " checkpoint(s) found are kept.");
    }
    return mark.next();
  }

  private static String foreign(Optional<DirectoryMark> found, DirectoryMark own) {
    if (found.isEmpty()) {
      return "is not of this data directory";
    }
    return found.get().id().equals(own.id())
        ? "is of an earlier time (generation "
            + found.get().generation()
            + ", not "
            + own.generation()
            + ")"
        : "is of another data directory (" + found.get().id() + ")";
  }

  /** Writes the mark into every part, once all are in use. The directory's own comes last. */
  void stamp(DirectoryMark mark) {
    databases.forEach(database -> database.stamp(mark));
    if (!DirectoryMark.read(storeMark).equals(Optional.of(mark))) {
      mark.write(storeMark);
    }
    if (!DirectoryMark.read(ownMark).equals(Optional.of(mark))) {
      mark.write(ownMark);
    }
  }

  /** How many checkpoints there are beside those that come with the program. */
  int checkpointCount() {
    Set<String> builtin = builtin();
    try (Stream<Path> entries = Files.list(directory.checkpoints())) {
      return (int)
          entries
              .filter(entry -> !builtin.contains(entry.getFileName().toString()))
              .filter(entry -> Files.exists(entry.resolve("manifest.json")))
              .count();
    } catch (IOException e) {
      throw new StartException(
          "cannot read " + directory.checkpoints() + ": " + DataDirectory.reason(e), e);
    }
  }

  private static Set<String> builtin() {
    try (InputStream input = DirectoryParts.class.getClassLoader().getResourceAsStream(BUILTIN)) {
      if (input == null) {
        return Set.of();
      }
      return new BufferedReader(new InputStreamReader(input, StandardCharsets.UTF_8))
          .lines()
          .map(line -> line.strip().split(" ", 2)[0])
          .collect(Collectors.toSet());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

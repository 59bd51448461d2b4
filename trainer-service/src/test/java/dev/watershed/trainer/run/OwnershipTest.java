package dev.watershed.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.classifier.checkpoint.FileCheckpointStore;
import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.server.ConfigurationException;
import dev.watershed.trainer.store.RunStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OwnershipTest {
  private final Path directory;
  private final RunStore runs = runs();

  OwnershipTest(@TempDir Path directory) {
    this.directory = directory;
  }

  private static RunStore runs() {
    return new RunStore(TestDatabase.h2("classpath:db/trainer"), Clock.systemUTC());
  }

  private FileCheckpointStore checkpoints(String name) throws IOException {
    return new FileCheckpointStore(directory.resolve(name), Clock.systemUTC());
  }

  @Test
  void require_bothNew_tiesThemForEveryTrainer() throws IOException {
    var checkpoints = checkpoints("a");
    Ownership.require(runs, checkpoints, false);

    assertThat(checkpoints.owner()).isPresent().isEqualTo(runs.owner());
    Ownership.require(runs, checkpoints("a"), false);
    assertThat(checkpoints.list()).isEmpty();
  }

  @Test
  void require_newDatabaseOnAnothersStore_refusesAndChangesNothing() throws IOException {
    var checkpoints = checkpoints("a");
    Ownership.require(runs, checkpoints, false);
    var other = runs();

    assertThatThrownBy(() -> Ownership.require(other, checkpoints, false))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("two fleets")
        .hasMessageContaining("watershed.trainer.adopt=true");

    assertThat(other.owner()).isEmpty();
    assertThat(checkpoints.owner()).isEqualTo(runs.owner());
  }

  @Test
  void require_newStoreOnAnothersDatabase_refusesAndChangesNothing() throws IOException {
    Ownership.require(runs, checkpoints("a"), false);
    var other = checkpoints("b");

    assertThatThrownBy(() -> Ownership.require(runs, other, false))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("datasources.trainer.url");

    assertThat(other.owner()).isEmpty();
  }

  @Test
  void require_bothOfOthers_refuses() throws IOException {
    Ownership.require(runs, checkpoints("a"), false);
    Ownership.require(runs(), checkpoints("b"), false);

    assertThatThrownBy(() -> Ownership.require(runs, checkpoints("b"), false))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("another database of runs");
  }

  @Test
  void require_adopted_refusesWhoHadTheStoreBefore() throws IOException {
    var checkpoints = checkpoints("a");
    Ownership.require(runs, checkpoints, false);
    var other = runs();

    Ownership.require(other, checkpoints, true);

    Ownership.require(other, checkpoints, false);
    assertThatThrownBy(() -> Ownership.require(runs, checkpoints, false))
        .isInstanceOf(ConfigurationException.class);
  }
}

package dev.watershed.trainer.run;

import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.StoreUnavailableException;
import dev.watershed.server.ConfigurationException;
import dev.watershed.trainer.store.RunStore;
import java.io.IOException;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that one database of runs and one store of checkpoints go together. Trainers that
 * share but one of them, by a mistake in their configuration, would train each other's runs into
 * the wrong store, or find and delete checkpoints that are not theirs. Both get the same name when
 * they first meet.
 */
final class Ownership {
  private static final Logger log = LoggerFactory.getLogger(Ownership.class);

  private static final String ADVICE =
      " Give each fleet a database and a watershed.checkpoints.root of its own. Where the two shall"
          + " belong together from now on, such as after a move or the loss of one, start one trainer"
          + " with watershed.trainer.adopt=true, once.";

  private Ownership() {}

  /**
   * Checks that the two go together, and ties them to each other where neither is tied yet. Where
   * they do not, nothing is written.
   *
   * @param adopt ties them anyway; whoever had the store before is refused from then on
   * @throws ConfigurationException where one of them belongs to another, or the store cannot be
   *     used
   */
  static void require(RunStore runs, CheckpointStore store, boolean adopt) {
    try {
      Optional<String> database = runs.owner();
      Optional<String> checkpoints = store.owner();
      boolean tied = database.isPresent() && database.equals(checkpoints);
      if (!tied && !adopt) {
        refuseOthers(database.isPresent(), checkpoints.isPresent());
      }
      store.requireWritable();
      if (!tied) {
        tie(runs, store, checkpoints.isPresent());
      }
    } catch (StoreUnavailableException e) {
      throw new ConfigurationException(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw new ConfigurationException(
          "Whose checkpoints watershed.checkpoints.root holds cannot be told: " + e.getMessage());
    }
  }

  private static void refuseOthers(boolean database, boolean checkpoints) {
    if (checkpoints) {
      throw new ConfigurationException(
          "The store that watershed.checkpoints.root names belongs to another database of runs than"
              + " datasources.trainer.url: two fleets would share its checkpoints."
              + ADVICE);
    }
    if (database) {
      throw new ConfigurationException(
          "The database of runs (datasources.trainer.url) belongs to another store of checkpoints"
              + " than the one that watershed.checkpoints.root names, which belongs to nobody."
              + ADVICE);
    }
  }

  private static void tie(RunStore runs, CheckpointStore store, boolean anew) throws IOException {
    if (anew) {
      store.disown();
      log.info("The store of checkpoints belongs to this database of runs from now on");
    }
    String owner = runs.claim(UUID.randomUUID().toString());
    if (!store.claim(owner).equals(owner)) {
      throw new ConfigurationException(
          "At this moment another fleet took the store that watershed.checkpoints.root names."
              + ADVICE);
    }
  }
}

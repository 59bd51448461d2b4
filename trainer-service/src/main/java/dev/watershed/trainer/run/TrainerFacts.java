package dev.watershed.trainer.run;

import dev.watershed.classifier.data.Tasks;
import dev.watershed.server.ServerFacts;
import dev.watershed.server.dataset.ClassifierMessages;
import dev.watershed.server.v1.ServerInfo;
import dev.watershed.trainer.engine.RecipeCatalogue;
import jakarta.inject.Singleton;

/** What the trainer computes with and allows. */
@Singleton
final class TrainerFacts implements ServerFacts {
  private final TrainerConfiguration configuration;

  TrainerFacts(TrainerConfiguration configuration) {
    this.configuration = configuration;
  }

  @Override
  public void addTo(ServerInfo.Builder info) {
    info.putLimits("watershed.trainer.max-queued-runs", configuration.maxQueuedRuns())
        .putLimits("watershed.trainer.max-parameters", configuration.maxParameters())
        .putLimits("watershed.trainer.max-batch-tokens", configuration.maxBatchTokens())
        .putLimits("watershed.trainer.max-checkpoints", configuration.maxCheckpoints());
    info.putCatalogues("tasks", Tasks.version())
        .putCatalogues("recipes", RecipeCatalogue.PUBLISHED.version());
    ClassifierMessages.addComputing(info);
  }
}

package dev.watershed.eval.grpc;

import dev.watershed.eval.engine.EvaluationConfiguration;
import dev.watershed.server.ServerFacts;
import dev.watershed.server.dataset.ClassifierMessages;
import dev.watershed.server.v1.ServerInfo;
import jakarta.inject.Singleton;

/** What the evaluator computes with and allows. */
@Singleton
final class EvaluatorFacts implements ServerFacts {
  private final EvaluationConfiguration configuration;

  EvaluatorFacts(EvaluationConfiguration configuration) {
    this.configuration = configuration;
  }

  @Override
  public void addTo(ServerInfo.Builder info) {
    info.putLimits("watershed.eval.memory", configuration.memory().bytes())
        .putLimits("watershed.eval.sample-memory", configuration.sampleMemory().bytes())
        .putLimits("watershed.eval.point-memory", configuration.pointMemory().bytes())
        .putLimits("watershed.eval.max-queued-calls", configuration.maxQueuedCalls())
        .putLimits(
            "watershed.eval.max-calls-per-connection", configuration.maxCallsPerConnection());
    ClassifierMessages.addComputing(info);
  }
}

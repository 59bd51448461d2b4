package dev.watershed.analysis.study;

import dev.watershed.analysis.study.spec.StudyConfiguration;
import dev.watershed.server.ServerFacts;
import dev.watershed.server.v1.ServerInfo;
import jakarta.inject.Singleton;

/** What the analysis allows. */
@Singleton
final class AnalysisFacts implements ServerFacts {
  private final StudyConfiguration configuration;

  AnalysisFacts(StudyConfiguration configuration) {
    this.configuration = configuration;
  }

  @Override
  public void addTo(ServerInfo.Builder info) {
    info.putLimits("watershed.analysis.max-points", configuration.maxPoints())
        .putLimits("watershed.analysis.concurrent-studies", configuration.concurrentStudies())
        .putLimits("watershed.analysis.max-queued-studies", configuration.maxQueuedStudies());
  }
}

package dev.watershed.standalone.command;

import dev.watershed.analysis.v1.GetStudyReportRequest;
import dev.watershed.analysis.v1.ListStudyModelsRequest;
import dev.watershed.analysis.v1.ListStudyModelsResponse;
import dev.watershed.analysis.v1.ListStudyPairsRequest;
import dev.watershed.analysis.v1.ListStudyPairsResponse;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import io.grpc.Channel;

/** A study's report with its pairs and the models' full scores, which come page by page. */
public final class WholeReport {
  private WholeReport() {}

  /**
   * @param name "studies/{id}", of a study that succeeded
   */
  public static StudyReport of(Channel channel, String name) {
    var studies = StudyServiceGrpc.newBlockingStub(channel);
    var report =
        studies
            .getStudyReport(GetStudyReportRequest.newBuilder().setName(name).build())
            .getReport()
            .toBuilder()
            .clearModels();
    var models = ListStudyModelsRequest.newBuilder().setName(name);
    ListStudyModelsResponse modelPage;
    do {
      modelPage = studies.listStudyModels(models.build());
      report.addAllModels(modelPage.getModelsList());
      models.setPageToken(modelPage.getNextPageToken());
    } while (!modelPage.getNextPageToken().isEmpty());
    var pairs = ListStudyPairsRequest.newBuilder().setName(name);
    ListStudyPairsResponse pairPage;
    do {
      pairPage = studies.listStudyPairs(pairs.build());
      report.addAllPairs(pairPage.getPairsList());
      pairs.setPageToken(pairPage.getNextPageToken());
    } while (!pairPage.getNextPageToken().isEmpty());
    return report.build();
  }
}

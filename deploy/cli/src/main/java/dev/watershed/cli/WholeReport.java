package dev.watershed.cli;

import dev.watershed.analysis.v1.GetStudyReportRequest;
import dev.watershed.analysis.v1.ListStudyModelsRequest;
import dev.watershed.analysis.v1.ListStudyModelsResponse;
import dev.watershed.analysis.v1.ListStudyPairsRequest;
import dev.watershed.analysis.v1.ListStudyPairsResponse;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.client.AllPages;
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
    report.addAllModels(
        AllPages.of(
            token -> studies.listStudyModels(models.setPageToken(token).build()),
            ListStudyModelsResponse::getModelsList,
            ListStudyModelsResponse::getNextPageToken));
    var pairs = ListStudyPairsRequest.newBuilder().setName(name);
    report.addAllPairs(
        AllPages.of(
            token -> studies.listStudyPairs(pairs.setPageToken(token).build()),
            ListStudyPairsResponse::getPairsList,
            ListStudyPairsResponse::getNextPageToken));
    return report.build();
  }
}

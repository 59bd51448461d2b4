package dev.watershed.analysis.study;

import dev.watershed.analysis.store.DeletedStudies;
import dev.watershed.analysis.store.ReportStore;
import dev.watershed.analysis.store.StudyContent;
import dev.watershed.analysis.store.StudyKind;
import dev.watershed.analysis.store.StudyStore;
import dev.watershed.analysis.study.spec.StudyConfiguration;
import dev.watershed.analysis.study.spec.StudyPlan;
import dev.watershed.analysis.study.spec.StudySpecs;
import dev.watershed.analysis.v1.CreateStudyRequest;
import dev.watershed.analysis.v1.ListStudiesRequest;
import dev.watershed.analysis.v1.ListStudiesResponse;
import dev.watershed.analysis.v1.ListStudyModelsRequest;
import dev.watershed.analysis.v1.ListStudyModelsResponse;
import dev.watershed.analysis.v1.ListStudyPairsRequest;
import dev.watershed.analysis.v1.ListStudyPairsResponse;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.Study;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyView;
import dev.watershed.input.StudyName;
import dev.watershed.jobs.CreateCall;
import dev.watershed.jobs.CreatedJobs;
import dev.watershed.jobs.Job;
import dev.watershed.jobs.JobPage;
import dev.watershed.jobs.Jobs;
import dev.watershed.jobs.NewJob;
import dev.watershed.server.PageToken;
import dev.watershed.server.Pages;
import dev.watershed.server.RefusedException;
import io.grpc.StatusRuntimeException;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The studies as their callers see them. */
@Singleton
public final class Studies {
  private static final Logger log = LoggerFactory.getLogger(Studies.class);

  private static final String LISTED = "studies";

  /** Where a watched study is sent. */
  @FunctionalInterface
  public interface Watcher {
    /** Takes the study at a moment; blocks while the reader is slow. */
    void see(Study study) throws InterruptedException;
  }

  private final StudyStore store;
  private final ReportStore reports;
  private final DeletedStudies deleted;
  private final StudySpecs specs;
  private final StudyCheck check;
  private final Jobs<StudyContent> jobs;
  private final StudyConfiguration configuration;

  Studies(
      StudyStore store,
      ReportStore reports,
      DeletedStudies deleted,
      StudySpecs specs,
      StudyCheck check,
      Jobs<StudyContent> jobs,
      StudyConfiguration configuration) {
    this.store = store;
    this.reports = reports;
    this.deleted = deleted;
    this.specs = specs;
    this.check = check;
    this.jobs = jobs;
    this.configuration = configuration;
  }

  /**
   * A study that was made or found.
   *
   * @param notices what its caller should know, for people
   */
  public record Created(Study study, List<String> notices) {}

  /**
   * Stores and queues a study; a repeated call finds the one that it made first.
   *
   * @throws RefusedException INVALID_ARGUMENT for a spec that cannot be studied, ALREADY_EXISTS for
   *     a request id used with another body, RESOURCE_EXHAUSTED where too many wait
   * @throws StatusRuntimeException the evaluator's refusal of models or samples
   */
  public Created create(CreateStudyRequest request) {
    var call = CreateCall.of(request.getRequestId(), request);
    var known = store.jobs().findCreatedBy(call);
    if (known.isPresent()) {
      return created(known.get(), List.of());
    }
    var spec = specs.complete(request.getSpec());
    var plan = StudyPlan.of(spec);
    var notices = check.check(plan).stream().toList();
    var content =
        StudyContent.of(spec, plan.pointCount(), plan.pairCount(), plan.grid().intervals());
    var made =
        created(
            store
                .jobs()
                .create(
                    call,
                    List.of(new NewJob<>(UUID.randomUUID().toString(), content)),
                    configuration.maxQueuedStudies()),
            notices);
    log.info(
        "{} queued: {} models, {} points",
        made.study().getName(),
        spec.getModelsCount(),
        plan.pointCount());
    jobs.created();
    return made;
  }

  private static Created created(CreatedJobs<StudyContent> created, List<String> notices) {
    return new Created(StudyKind.message(created.jobs().getFirst()), notices);
  }

  /** Returns a study by its resource name. */
  public Study get(String name) {
    return StudyKind.message(find(name));
  }

  /** Returns a page of studies, oldest first. */
  public ListStudiesResponse list(ListStudiesRequest request) {
    boolean full = request.getView() == StudyView.STUDY_VIEW_FULL;
    var page =
        store
            .jobs()
            .page(
                "job.state <> 'DELETED'",
                List.of(),
                JobPage.after(request.getPageToken(), LISTED),
                Pages.size(request.getPageSize()),
                job -> full ? StudyKind.message(job) : basic(StudyKind.message(job)));
    return ListStudiesResponse.newBuilder()
        .addAllStudies(page.items())
        .setNextPageToken(page.nextToken(LISTED))
        .build();
  }

  private static Study basic(Study study) {
    return study.toBuilder()
        .setSpec(StudySpec.newBuilder().setDisplayName(study.getSpec().getDisplayName()))
        .build();
  }

  /** Cancels a study, unless it has ended, and returns it. */
  public Study cancel(String name) {
    return StudyKind.message(jobs.cancel(StudyName.of(name).id()));
  }

  /**
   * Deletes a study that has ended, with all that was measured for it.
   *
   * @param force whether it is cancelled first
   * @return whether there was one
   * @throws RefusedException FAILED_PRECONDITION where it has not ended, unless {@code force}
   */
  public boolean delete(String name, boolean force) {
    String id = StudyName.of(name).id();
    var found = store.jobs().find(id);
    if (found.isEmpty()) {
      return false;
    }
    if (!found.get().state().ended()) {
      if (!force) {
        throw RefusedException.failedPrecondition(
            "STUDY_ACTIVE",
            name,
            name + " waits or is computed; cancel it first, or delete it with force, which does.");
      }
      jobs.cancel(id);
    }
    var number = deleted.hide(id);
    if (number.isPresent()) {
      deleted.deleteRows(number.getAsLong());
      log.info("{} was deleted", name);
    }
    return number.isPresent();
  }

  /**
   * Shows a study now and at each change until it has ended. Progress between two looks is
   * coalesced; a state never is.
   *
   * @throws java.util.concurrent.CancellationException once the call that this is part of is over
   */
  public void watch(String name, Watcher watcher) throws InterruptedException {
    jobs.watch(StudyName.of(name).id(), study -> watcher.see(StudyKind.message(study)));
  }

  /**
   * Returns a study's report.
   *
   * @throws RefusedException FAILED_PRECONDITION unless it has succeeded
   */
  public StudyReport report(String name) {
    var stored = find(name);
    return reports.find(stored.number()).orElseThrow(() -> noReport(stored));
  }

  /**
   * Returns a study's report without pairs and the models' full scores on diagnostics, so that it
   * fits a message.
   *
   * @throws RefusedException FAILED_PRECONDITION unless it has succeeded
   */
  public StudyReport reportSummary(String name) {
    var report = withoutPairs(find(name)).toBuilder();
    report.getModelsBuilderList().forEach(ModelReport.Builder::clearDiagnostics);
    return report.build();
  }

  /** Returns a page of a report's pairs. */
  public ListStudyPairsResponse pairs(ListStudyPairsRequest request) {
    var stored = find(request.getName());
    String question = "pairs of " + request.getName();
    int from = Integer.parseInt(PageToken.read(request.getPageToken(), question, "0"));
    int limit = Pages.size(request.getPageSize() == 0 ? Integer.MAX_VALUE : request.getPageSize());
    var page = reports.pairs(stored.number(), from, limit);
    if (page.total() == 0) {
      throw noReport(stored);
    }
    var response = ListStudyPairsResponse.newBuilder().addAllPairs(page.pairs());
    int next = from + page.pairs().size();
    if (next < page.total()) {
      response.setNextPageToken(PageToken.write(question, Integer.toString(next)));
    }
    return response.build();
  }

  /** Returns a page of a report's models. */
  public ListStudyModelsResponse models(ListStudyModelsRequest request) {
    String question = "models of " + request.getName();
    int from = Integer.parseInt(PageToken.read(request.getPageToken(), question, "0"));
    int limit = Pages.size(request.getPageSize() == 0 ? Integer.MAX_VALUE : request.getPageSize());
    var all = withoutPairs(find(request.getName())).getModelsList();
    var page = Pages.fitting(all.subList(from, Math.min(all.size(), from + limit)));
    var response = ListStudyModelsResponse.newBuilder().addAllModels(page);
    int next = from + page.size();
    if (next < all.size()) {
      response.setNextPageToken(PageToken.write(question, Integer.toString(next)));
    }
    return response.build();
  }

  /** Returns the number under which a study's measurements are stored. */
  public long number(String name) {
    return find(name).number();
  }

  private StudyReport withoutPairs(Job<StudyContent> stored) {
    return reports.findWithoutPairs(stored.number()).orElseThrow(() -> noReport(stored));
  }

  /** Or there is no study any more, where it was deleted since it was found. */
  private RefusedException noReport(Job<StudyContent> stored) {
    String name = new StudyName(stored.id()).toString();
    return RefusedException.failedPrecondition(
        "STUDY_NOT_SUCCEEDED",
        name,
        "%s is %s and has no report; watch it until it is SUCCEEDED."
            .formatted(name, get(name).getState()));
  }

  private Job<StudyContent> find(String name) {
    return jobs.get(StudyName.of(name).id());
  }

  /** There is no such study, or not any more. */
  public RefusedException notFound(String name) {
    return store.jobs().kind().notFound(StudyName.of(name).id());
  }
}

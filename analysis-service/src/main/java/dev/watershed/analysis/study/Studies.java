package dev.watershed.analysis.study;

import dev.watershed.analysis.store.DeletedStudies;
import dev.watershed.analysis.store.ReportStore;
import dev.watershed.analysis.store.StoredStudy;
import dev.watershed.analysis.store.StudyStore;
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
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.analysis.v1.StudyView;
import dev.watershed.server.PageToken;
import dev.watershed.server.Pages;
import dev.watershed.server.RefusedException;
import io.grpc.StatusRuntimeException;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The studies as their callers see them. */
@Singleton
public final class Studies {
  private static final Logger log = LoggerFactory.getLogger(Studies.class);

  private static final String LISTED = "studies";
  private static final Duration WATCH_AGAIN = Duration.ofSeconds(1);

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
  private final StudyQueue queue;
  private final StudyUpdates updates;
  private final StudyConfiguration configuration;
  private final Clock clock;

  Studies(
      StudyStore store,
      ReportStore reports,
      DeletedStudies deleted,
      StudySpecs specs,
      StudyCheck check,
      StudyQueue queue,
      StudyUpdates updates,
      StudyConfiguration configuration,
      Clock clock) {
    this.store = store;
    this.reports = reports;
    this.deleted = deleted;
    this.specs = specs;
    this.check = check;
    this.queue = queue;
    this.updates = updates;
    this.configuration = configuration;
    this.clock = clock;
  }

  /**
   * A study that was made or found.
   *
   * @param notices what its caller should know, for people
   */
  public record Created(Study study, List<String> notices) {}

  /**
   * Stores and queues a study, or finds the one that the same request made.
   *
   * @throws RefusedException INVALID_ARGUMENT for a spec that cannot be studied, ALREADY_EXISTS for
   *     a request id used with another spec
   * @throws StatusRuntimeException the evaluator's refusal of models or samples
   */
  public Created create(CreateStudyRequest request) {
    var spec = specs.complete(request.getSpec());
    var plan = StudyPlan.of(spec);
    var id = UUID.randomUUID().toString();
    var requestId = request.getRequestId();
    boolean known = !requestId.isEmpty() && store.findByRequest(requestId).isPresent();
    var notices = known ? List.<String>of() : check.check(plan).stream().toList();
    boolean made =
        store.insert(
            id,
            requestId,
            spec,
            plan.pointCount(),
            plan.pairCount(),
            plan.grid().intervals(),
            clock.instant());
    var stored =
        made ? find(StudyStore.NAME_PREFIX + id) : store.findByRequest(requestId).orElseThrow();
    if (!stored.study().getSpec().equals(spec)) {
      throw RefusedException.alreadyExists(
          "REQUEST_ID_REUSED",
          stored.study().getName(),
          "The request id \"%s\" made %s from another spec; choose a new one."
              .formatted(requestId, stored.study().getName()));
    }
    if (made) {
      log.info(
          "{} queued: {} models, {} points",
          stored.study().getName(),
          spec.getModelsCount(),
          plan.pointCount());
    }
    if (!stored.ended()) {
      queue.enqueue(stored);
    }
    return new Created(stored.study(), notices);
  }

  /** Returns a study by its resource name. */
  public Study get(String name) {
    return find(name).study();
  }

  /** Returns a page of studies, oldest first. */
  public ListStudiesResponse list(ListStudiesRequest request) {
    int size = Pages.size(request.getPageSize());
    long after = Long.parseLong(PageToken.read(request.getPageToken(), LISTED, "0"));
    var found = store.list(after, size + 1);
    boolean full = request.getView() == StudyView.STUDY_VIEW_FULL;
    var page =
        Pages.fitting(
            found.stream()
                .limit(size)
                .map(stored -> full ? stored.study() : basic(stored.study()))
                .toList());
    var response = ListStudiesResponse.newBuilder().addAllStudies(page);
    if (found.size() > page.size()) {
      response.setNextPageToken(
          PageToken.write(LISTED, Long.toString(found.get(page.size() - 1).number())));
    }
    return response.build();
  }

  private static Study basic(Study study) {
    return study.toBuilder()
        .setSpec(StudySpec.newBuilder().setDisplayName(study.getSpec().getDisplayName()))
        .build();
  }

  /** Cancels a study, unless it has ended, and returns it. */
  public Study cancel(String name) {
    queue.cancel(find(name).id());
    return get(name);
  }

  /**
   * Deletes a study that has ended, with all that was measured for it.
   *
   * @param force whether it is cancelled first
   * @return whether there was one
   * @throws RefusedException FAILED_PRECONDITION where it has not ended, unless {@code force}
   */
  public boolean delete(String name, boolean force) {
    var found = store.find(name.substring(StudyStore.NAME_PREFIX.length()));
    if (found.isEmpty()) {
      return false;
    }
    if (!found.get().ended()) {
      if (!force) {
        throw RefusedException.failedPrecondition(
            "STUDY_ACTIVE",
            name,
            name + " waits or is computed; cancel it first, or delete it with force, which does.");
      }
      queue.cancel(found.get().id());
    }
    var number = deleted.hide(found.get().id());
    updates.changed();
    if (number.isPresent()) {
      deleted.deleteRows(number.getAsLong());
      log.info("{} was deleted", name);
    }
    return number.isPresent();
  }

  /**
   * Shows a study now and at each change until it has ended or {@code gone} says that nobody
   * watches any more. Progress between two looks is coalesced; a state never is.
   */
  public void watch(String name, Watcher watcher, BooleanSupplier gone)
      throws InterruptedException {
    var shown = Study.getDefaultInstance();
    while (!gone.getAsBoolean()) {
      long version = updates.version();
      var stored = find(name);
      if (!stored.study().equals(shown)) {
        if (skippedRunning(shown, stored)) {
          watcher.see(asRunning(stored.study()));
        }
        shown = stored.study();
        watcher.see(shown);
      }
      if (stored.ended()) {
        return;
      }
      if (updates.closed()) {
        throw RefusedException.unavailable(
            "SHUTTING_DOWN", "The server is going down; watch again.", WATCH_AGAIN);
      }
      updates.await(version, configuration.pollInterval());
    }
  }

  /** Whether a study that was last shown waiting has been computed and ended since. */
  private static boolean skippedRunning(Study shown, StoredStudy now) {
    return shown.getState() == StudyState.STUDY_STATE_QUEUED
        && now.ended()
        && now.startTime().isPresent();
  }

  private static Study asRunning(Study ended) {
    return ended.toBuilder()
        .setState(StudyState.STUDY_STATE_RUNNING)
        .clearEndTime()
        .clearError()
        .build();
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

  private StudyReport withoutPairs(StoredStudy stored) {
    return reports.findWithoutPairs(stored.number()).orElseThrow(() -> noReport(stored));
  }

  /** Or there is no study any more, where it was deleted since it was found. */
  private RefusedException noReport(StoredStudy stored) {
    String name = stored.study().getName();
    return RefusedException.failedPrecondition(
        "STUDY_NOT_SUCCEEDED",
        name,
        "%s is %s and has no report; watch it until it is SUCCEEDED."
            .formatted(name, find(name).study().getState()));
  }

  private StoredStudy find(String name) {
    return store
        .find(name.substring(StudyStore.NAME_PREFIX.length()))
        .orElseThrow(() -> notFound(name));
  }

  /** There is no such study, or not any more. */
  public static RefusedException notFound(String name) {
    return RefusedException.notFound(
        "STUDY_NOT_FOUND", name, "There is no " + name + "; list the studies.");
  }
}

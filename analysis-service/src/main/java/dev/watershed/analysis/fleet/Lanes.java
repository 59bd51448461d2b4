package dev.watershed.analysis.fleet;

import dev.watershed.client.ServerChannels;
import dev.watershed.eval.v1.EvaluationServiceGrpc;
import dev.watershed.eval.v1.EvaluationServiceGrpc.EvaluationServiceBlockingStub;
import dev.watershed.eval.v1.GetStatisticsRequest;
import dev.watershed.server.RefusedException;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A lane for each evaluator, which pulls pairs for as long as it has places. An evaluator that is
 * lost costs what it had in flight; it is probed until it answers, and others go on meanwhile. One
 * that is added gets work within seconds. Studies take turns, tile by tile.
 */
@Singleton
public final class Lanes implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Lanes.class);

  /** How often names are looked up while there is work; no longer than the JDK remembers them. */
  private static final Duration LOOK_UP = Duration.ofSeconds(2);

  private final EvaluatorConfiguration configuration;
  private final ServerChannels channels;
  private final List<EvaluatorAddress> addresses;
  private final EvaluatorAddress.HostLookup names;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Condition addressesDue = lock.newCondition();

  // Guarded by lock, as are all lanes and jobs.
  private final Map<Place, Lane> lanes = new LinkedHashMap<>();
  private final List<Job> jobs = new ArrayList<>();
  private boolean closed;

  /** One of the addresses that an evaluator's name has; null in this process. */
  private record Place(EvaluatorAddress named, @Nullable SocketAddress address) {}

  /** Pairs of a study that are being measured. */
  private static final class Job {
    private final Context.CancellableContext context;
    private final Tiles tiles;
    private final PairWork work;

    /** When the calls of a pair, or the look for an evaluator, began to fail. */
    private final Map<ModelPair, Long> failingSince = new HashMap<>();

    /** Evaluators that can do nothing of it, and why. */
    private final Map<Lane, UnsuitableEvaluatorException> unsuitable = new HashMap<>();

    private @Nullable Long waitingSince;
    private @Nullable RuntimeException failure;
    private int inFlight;

    private Job(Context.CancellableContext context, Tiles tiles, PairWork work) {
      this.context = context;
      this.tiles = tiles;
      this.work = work;
    }

    /** An evaluator is gone; what comes back in its place may be another. */
    private void leave(Lane lane) {
      tiles.leave(lane);
      unsuitable.remove(lane);
    }

    private boolean hasEnded() {
      return failure != null || context.isCancelled() || tiles.isDone();
    }
  }

  /** What a lane does next. */
  private sealed interface Step {
    /** Asks whether the evaluator is there. */
    record Probe() implements Step {}

    /** Measures a pair. */
    record Measure(Job job, ModelPair pair) implements Step {}

    /** Ends. */
    record Leave() implements Step {}
  }

  @Inject
  Lanes(EvaluatorConfiguration configuration, EvaluatorAccess access) {
    this(configuration, access, host -> List.of(InetAddress.getAllByName(host)));
  }

  Lanes(
      EvaluatorConfiguration configuration,
      EvaluatorAccess access,
      EvaluatorAddress.HostLookup names) {
    this.configuration = configuration;
    this.channels = access.channels(configuration);
    this.names = names;
    this.addresses = EvaluatorAddress.parse(configuration.address());
    Thread.ofVirtual().name("evaluator-addresses").start(this::followAddresses);
  }

  /**
   * Measures all pairs; returns when every one is done and nothing runs any more.
   *
   * @param context of all calls; is cancelled when this fails
   * @throws StatusRuntimeException an evaluator's, with the subject, when it will not pass or
   *     patience ends
   * @throws CancellationException when the context is cancelled
   */
  public void measure(Context.CancellableContext context, Tiles tiles, PairWork work)
      throws InterruptedException {
    var job = new Job(context, tiles, work);
    Context.CancellationListener wake = cancelled -> locked(changed::signalAll);
    context.addListener(wake, Runnable::run);
    try {
      run(job);
    } catch (InterruptedException e) {
      context.cancel(new CancellationException("study stopped"));
      throw e;
    } finally {
      end(job);
      context.removeListener(wake);
    }
    if (job.failure != null) {
      throw job.failure;
    }
    if (context.isCancelled()) {
      throw new CancellationException("study stopped");
    }
  }

  private void run(Job job) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      if (jobs.isEmpty()) {
        // Nothing was heard of them since they last had work.
        lanes.values().forEach(Lane::doubt);
      }
      jobs.add(job);
      addressesDue.signalAll();
      changed.signalAll();
      while (!job.hasEnded()) {
        if (closed) {
          throw new CancellationException("the process is going down");
        }
        changed.await();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Nothing of a job runs after this. */
  private void end(Job job) {
    boolean done = locked(() -> job.tiles.isDone() && job.failure == null);
    if (!done) {
      job.context.cancel(new CancellationException("study stopped"));
    }
    lock.lock();
    try {
      jobs.remove(job);
      while (job.inFlight > 0) {
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Asks some evaluator, the next where one is not there.
   *
   * @throws StatusRuntimeException the last one's
   */
  public <T> T ask(Deadline deadline, Function<EvaluationServiceBlockingStub, T> question) {
    boolean stale = locked(() -> lanes.isEmpty() || jobs.isEmpty());
    if (stale) {
      lookUp();
    }
    var some =
        locked(
            () ->
                lanes.values().stream()
                    .sorted(Comparator.comparing(lane -> !lane.isReady()))
                    .toList());
    var failure = Status.UNAVAILABLE.withDescription("no evaluator found").asRuntimeException();
    for (var lane : some) {
      try {
        return question.apply(
            EvaluationServiceGrpc.newBlockingStub(lane.channel()).withDeadline(deadline));
      } catch (StatusRuntimeException e) {
        failure = e;
        if (e.getStatus().getCode() != Status.Code.UNAVAILABLE) {
          break;
        }
      }
    }
    throw failure;
  }

  private void followAddresses() {
    try {
      while (true) {
        lock.lock();
        try {
          while (jobs.isEmpty() && !closed) {
            addressesDue.await();
          }
          if (closed) {
            return;
          }
        } finally {
          lock.unlock();
        }
        lookUp();
        lock.lock();
        try {
          long left = LOOK_UP.toNanos();
          while (left > 0 && !closed) {
            left = addressesDue.awaitNanos(left);
          }
        } finally {
          lock.unlock();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Opens lanes to what has come and ends those of what has gone. */
  private void lookUp() {
    for (var named : addresses) {
      var places = new ArrayList<Place>();
      if (named instanceof EvaluatorAddress.Remote remote) {
        try {
          remote.find(names).forEach(address -> places.add(new Place(remote, address)));
        } catch (UnknownHostException e) {
          noAddress(remote);
          continue;
        }
      } else {
        places.add(new Place(named, null));
      }
      locked(
          () -> {
            lanes.entrySet().removeIf(entry -> hasLeft(entry, named, places));
            if (!closed) {
              places.forEach(place -> lanes.computeIfAbsent(place, this::open));
            }
            jobs.forEach(this::noneSuits);
            changed.signalAll();
          });
    }
  }

  private void noAddress(EvaluatorAddress.Remote remote) {
    var failure =
        Status.UNAVAILABLE
            .withDescription("the name " + remote.host().getHost() + " has no address")
            .asRuntimeException();
    locked(
        () -> {
          if (lanes.isEmpty()) {
            nobodyThere(failure, configuration.absence());
          }
        });
  }

  private boolean hasLeft(Map.Entry<Place, Lane> entry, EvaluatorAddress named, List<Place> now) {
    if (!entry.getKey().named().equals(named) || now.contains(entry.getKey())) {
      return false;
    }
    var lane = entry.getValue();
    log.info("The evaluator at {} has left", lane);
    lane.leave();
    jobs.forEach(job -> job.leave(lane));
    return true;
  }

  private Lane open(Place place) {
    var lane =
        place.named() instanceof EvaluatorAddress.InProcess inProcess
            ? new Lane(
                "inprocess:" + inProcess.name(),
                InProcessChannelBuilder.forName(inProcess.name()).build(),
                configuration)
            : remote(place);
    Thread.ofVirtual().name("lane-" + lane).start(() -> tend(lane));
    return lane;
  }

  private Lane remote(Place place) {
    if (!(place.named() instanceof EvaluatorAddress.Remote remote
        && place.address() instanceof InetSocketAddress found)) {
      throw new IllegalArgumentException(place.toString());
    }
    // A connection that died without a word is noticed, and its pairs go to others.
    var channel = channels.open(found, remote.host().toString());
    var name = found.getAddress().getHostAddress() + ":" + found.getPort();
    return new Lane(name, channel, configuration);
  }

  /** Gives a lane what it can take, until it leaves. */
  private void tend(Lane lane) {
    try {
      for (var step = next(lane); !(step instanceof Step.Leave); step = next(lane)) {
        if (step instanceof Step.Measure measure) {
          Thread.ofVirtual()
              .name("pair-" + measure.pair().a() + "-" + measure.pair().b())
              .start(() -> measure(lane, measure.job(), measure.pair()));
        } else {
          probe(lane);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      // What is in flight goes on to its end.
      lane.channel().shutdown();
    }
  }

  private Step next(Lane lane) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (true) {
        if (closed || lane.isLeaving()) {
          return new Step.Leave();
        }
        if (jobs.isEmpty()) {
          changed.await();
        } else if (lane.restNanos() > 0) {
          long unused = changed.awaitNanos(lane.restNanos());
        } else if (!lane.isReady()) {
          return new Step.Probe();
        } else {
          var claimed = lane.hasPlace() ? claim(lane) : Optional.<Step.Measure>empty();
          if (claimed.isPresent()) {
            lane.begin();
            claimed.get().job().inFlight++;
            return claimed.get();
          }
          changed.await();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Goes on with the tile that was begun; else it is the turn of the next study. */
  private Optional<Step.Measure> claim(Lane lane) {
    return jobs.stream()
        .filter(job -> !job.hasEnded() && !job.unsuitable.containsKey(lane))
        .sorted(Comparator.comparing(job -> !job.tiles.hasTile(lane)))
        .map(
            job ->
                job.tiles
                    .claim(lane, lane.capacity(job.work.modelBytes()))
                    .map(pair -> new Step.Measure(job, pair)))
        .flatMap(Optional::stream)
        .findFirst()
        .map(
            claimed -> {
              if (!claimed.job().tiles.hasTile(lane)) {
                // Behind the others.
                jobs.remove(claimed.job());
                jobs.add(claimed.job());
              }
              return claimed;
            });
  }

  private void probe(Lane lane) {
    try {
      // Else a channel that failed waits for longer and longer before it tries again.
      lane.channel().resetConnectBackoff();
      var statistics =
          lane.stub(configuration.probeDeadline())
              .getStatistics(GetStatisticsRequest.getDefaultInstance())
              .getStatistics();
      locked(() -> lane.isThere(statistics.getWorkerCount(), statistics.getMemoryLimitBytes()));
    } catch (StatusRuntimeException e) {
      var failed = new FailedCall(e);
      locked(
          () -> {
            if (failed.isPassing()) {
              rest(lane, failed);
              nobodyThere(e, configuration.patience());
            } else {
              // It is there; its calls will tell what is wrong, if anything is.
              lane.isThere(0, 0);
            }
          });
    }
  }

  private void measure(Lane lane, Job job, ModelPair pair) {
    RuntimeException failure = null;
    // What it leaves unread of its calls ends with it.
    var context = job.context.withCancellation();
    try {
      context.call(
          () -> {
            job.work.measure(pair, calls(lane, job, pair));
            return pair;
          });
    } catch (StatusRuntimeException e) {
      failure = othersMayDo(lane, job, e);
    } catch (RuntimeException e) {
      failure = e;
    } catch (Throwable e) {
      failure = new IllegalStateException(e);
    } finally {
      context.cancel(null);
    }
    if (failure instanceof UnsuitableEvaluatorException unsuitable) {
      failure = leaveOut(job, unsuitable);
    }
    end(lane, job, pair, failure);
  }

  /** Tells the work; returns what failed, which may be the telling. */
  private static RuntimeException leaveOut(Job job, UnsuitableEvaluatorException unsuitable) {
    try {
      job.work.leftOut(unsuitable.getMessage());
      return unsuitable;
    } catch (RuntimeException e) {
      return e;
    }
  }

  /** A checkpoint that one evaluator lacks may be where others read theirs. */
  private RuntimeException othersMayDo(Lane lane, Job job, StatusRuntimeException failure) {
    var failed = new FailedCall(failure);
    boolean others =
        failed.lacksCheckpoint()
            && locked(
                () ->
                    lanes.values().stream()
                        .anyMatch(other -> other != lane && !job.unsuitable.containsKey(other)));
    if (!others) {
      return failure;
    }
    return new UnsuitableEvaluatorException(
        "The evaluator at %s gets none of this study: %s It may read another store of checkpoints (watershed.checkpoints.root)."
            .formatted(lane, failed.message()));
  }

  private PairWork.Calls calls(Lane lane, Job job, ModelPair pair) {
    return new PairWork.Calls() {
      @Override
      public String place() {
        return lane.toString();
      }

      @Override
      public EvaluationServiceBlockingStub evaluator() {
        return lane.stub(configuration.deadline());
      }

      @Override
      public void progressed() {
        locked(
            () -> {
              lane.progressed();
              job.failingSince.remove(pair);
              job.waitingSince = null;
            });
      }
    };
  }

  private void end(Lane lane, Job job, ModelPair pair, @Nullable RuntimeException failure) {
    locked(
        () -> {
          lane.end();
          job.inFlight--;
          if (failure == null) {
            lane.progressed();
            job.failingSince.remove(pair);
            job.tiles.done(pair);
          } else {
            job.tiles.putBack(pair);
            if (!job.hasEnded()) {
              failed(lane, job, pair, failure);
            }
          }
          changed.signalAll();
        });
  }

  private void failed(Lane lane, Job job, ModelPair pair, RuntimeException failure) {
    if (failure instanceof UnsuitableEvaluatorException unsuitable) {
      if (job.unsuitable.put(lane, unsuitable) == null) {
        log.warn("{}", unsuitable.getMessage());
      }
      job.tiles.leave(lane);
      return;
    }
    if (!(failure instanceof StatusRuntimeException status)) {
      job.failure = failure;
      return;
    }
    var failed = new FailedCall(status);
    long now = System.nanoTime();
    if (!failed.isPassing() || isTooLong(job.failingSince.computeIfAbsent(pair, key -> now), now)) {
      job.failure = failed.about(job.work.subject(pair));
    } else if (failed.isBusy() || lane.isReady()) {
      // Else another of its calls has told the same.
      rest(lane, failed);
    }
  }

  /** A lane that failed is probed before it gets more; what it had begun goes to others. */
  private void rest(Lane lane, FailedCall failed) {
    var wait = lane.rest(failed.retryDelay().orElse(Duration.ZERO));
    log.info(
        "The evaluator at {} answered {}; asking again in {}",
        lane,
        failed.failure().getStatus(),
        wait);
    if (!failed.isBusy()) {
      lane.doubt();
      jobs.forEach(job -> job.leave(lane));
    }
  }

  /** All evaluators that answer are unsuitable: another is waited for. */
  private void noneSuits(Job job) {
    boolean none =
        !job.unsuitable.isEmpty()
            && lanes.values().stream()
                .allMatch(lane -> job.unsuitable.containsKey(lane) || !lane.isReady());
    if (none) {
      waitFor(
          job,
          configuration.patience(),
          () ->
              RefusedException.failedPrecondition(
                  "EVALUATOR_UNSUITABLE",
                  job.tiles.anyLeft().map(job.work::subject).orElse("a study"),
                  job.unsuitable.values().iterator().next().getMessage()
                      + " No other was there within "
                      + configuration.patience().toMinutes()
                      + " minutes (watershed.analysis.evaluator.patience)."));
    }
  }

  /** An evaluator, or its name, was not to be found: of concern to those that none works for. */
  private void nobodyThere(StatusRuntimeException failure, Duration patience) {
    for (var job : jobs) {
      waitFor(
          job,
          patience,
          () -> {
            var subject = job.tiles.anyLeft().map(job.work::subject).orElse("a study");
            return new FailedCall(failure).about(subject);
          });
    }
    changed.signalAll();
  }

  /** Nobody works for a job; once that has lasted for too long, it fails. */
  private void waitFor(Job job, Duration patience, Supplier<RuntimeException> failure) {
    if (job.inFlight > 0 || job.hasEnded()) {
      return;
    }
    long now = System.nanoTime();
    if (job.waitingSince == null) {
      job.waitingSince = now;
    } else if (now - job.waitingSince > patience.toNanos()) {
      job.failure = failure.get();
    }
  }

  private boolean isTooLong(long since, long now) {
    return now - since > configuration.patience().toNanos();
  }

  /** Ends all lanes, and what is measured on them. */
  @Override
  @PreDestroy
  public void close() {
    locked(
        () -> {
          closed = true;
          jobs.forEach(job -> job.failure = new CancellationException("the process goes down"));
          lanes.values().forEach(lane -> lane.channel().shutdownNow());
          changed.signalAll();
          addressesDue.signalAll();
        });
  }

  private void locked(Runnable change) {
    lock.lock();
    try {
      change.run();
    } finally {
      lock.unlock();
    }
  }

  private <T> T locked(Supplier<T> look) {
    lock.lock();
    try {
      return look.get();
    } finally {
      lock.unlock();
    }
  }
}

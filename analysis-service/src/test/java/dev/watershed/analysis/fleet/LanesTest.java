package dev.watershed.analysis.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Any;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.server.ConfigurationException;
import dev.watershed.server.RefusedException;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Evaluators that are lost, come back, are added and leave while pairs are measured. */
@Timeout(60)
final class LanesTest {
  private static final int MODELS = 12;
  private static final int PAIRS = MODELS * (MODELS - 1) / 2;
  private static final long MODEL_BYTES = 100;

  private final List<AutoCloseable> opened = new ArrayList<>();
  private final ExecutorService studies = Executors.newVirtualThreadPerTaskExecutor();
  private CountingEvaluator first;

  @BeforeEach
  void start() throws IOException {
    first = evaluator("127.0.0.1", 0);
  }

  @AfterEach
  void stop() throws Exception {
    for (var each : opened.reversed()) {
      each.close();
    }
    studies.shutdownNow();
  }

  private CountingEvaluator evaluator(String host, int port) throws IOException {
    var evaluator = new CountingEvaluator(host, port, 1000);
    opened.add(evaluator);
    return evaluator;
  }

  private Lanes lanes(String address, Duration patience, EvaluatorAddress.HostLookup names) {
    return lanes(address, patience, patience, names);
  }

  private Lanes lanes(
      String address, Duration patience, Duration absence, EvaluatorAddress.HostLookup names) {
    var lanes =
        new Lanes(
            new EvaluatorConfiguration(
                address,
                0,
                Duration.ofMinutes(1),
                Duration.ofSeconds(5),
                Duration.ofSeconds(3),
                Duration.ofMillis(1),
                Duration.ofMillis(50),
                patience,
                absence,
                Duration.ofSeconds(10),
                Duration.ofSeconds(1)),
            EvaluatorAccess.OPEN,
            names);
    opened.add(lanes);
    return lanes;
  }

  private Lanes lanes(String address) {
    return lanes(address, Duration.ofMinutes(1), host -> List.of(InetAddress.getAllByName(host)));
  }

  /** Measures pairs of models, whose names begin with that of the study. */
  private record Pairs(
      String study, Queue<ModelPair> measured, String unsuitable, Queue<String> leftOut)
      implements PairWork {
    @Override
    public void leftOut(String why) {
      leftOut.add(why);
    }

    @Override
    public String subject(ModelPair pair) {
      return study + " " + pair;
    }

    @Override
    public long modelBytes() {
      return MODEL_BYTES;
    }

    @Override
    public void measure(ModelPair pair, Calls calls) {
      var request =
          EvaluateInterpolationRequest.newBuilder()
              .setModelA(study + pair.a())
              .setModelB(study + pair.b());
      if (calls.place().equals(unsuitable)) {
        throw new UnsuitableEvaluatorException(calls.place() + " is of another kind.");
      }
      calls.evaluator().evaluateInterpolation(request.build()).forEachRemaining(point -> {});
      measured.add(pair);
    }
  }

  private static Tiles tiles() {
    return new Tiles(
        IntStream.range(0, MODELS)
            .boxed()
            .flatMap(b -> IntStream.range(0, b).mapToObj(a -> new ModelPair(a, b)))
            .toList());
  }

  private Future<Queue<ModelPair>> study(Lanes lanes, String name) {
    return study(lanes, name, Context.ROOT.withCancellation());
  }

  private Future<Queue<ModelPair>> study(
      Lanes lanes, String name, Context.CancellableContext context) {
    return studies.submit(() -> measure(lanes, name, context));
  }

  private static Queue<ModelPair> measure(
      Lanes lanes, String name, Context.CancellableContext context) throws InterruptedException {
    return measure(lanes, name, context, "");
  }

  private static Queue<ModelPair> measure(
      Lanes lanes, String name, Context.CancellableContext context, String unsuitable)
      throws InterruptedException {
    var work = pairs(name, unsuitable);
    lanes.measure(context, tiles(), work);
    return work.measured();
  }

  private static Pairs pairs(String name, String unsuitable) {
    return new Pairs(
        name, new ConcurrentLinkedQueue<>(), unsuitable, new ConcurrentLinkedQueue<>());
  }

  private static void requireAll(Future<Queue<ModelPair>> study) throws Exception {
    assertThat(study.get()).hasSize(PAIRS).doesNotHaveDuplicates();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(50, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void measure_twoEvaluators_eachPairGoesToOne() throws Exception {
    var second = evaluator("127.0.0.1", 0);
    var bothBusy = new CountDownLatch(2);
    var seen = ConcurrentHashMap.<CountingEvaluator>newKeySet();
    for (var each : List.of(first, second)) {
      each.before =
          pair -> {
            if (seen.add(each)) {
              bothBusy.countDown();
            }
            await(bothBusy);
          };
    }
    requireAll(study(lanes(first.address() + ", dns:///" + second.address()), "m"));

    assertThat(first.asked.size() + second.asked.size()).isEqualTo(PAIRS);
    assertThat(first.asked).doesNotContainAnyElementsOf(second.asked);
  }

  @Test
  void measure_oneIsKilled_theOtherDoesTheRest() throws Exception {
    var second = evaluator("127.0.0.1", 0);
    var secondMayWork = new CountDownLatch(1);
    second.before = pair -> await(secondMayWork);
    var firstHasSome = new CountDownLatch(10);
    var gone = new CountDownLatch(1);
    first.before =
        pair -> {
          firstHasSome.countDown();
          if (firstHasSome.getCount() == 0) {
            await(gone);
            throw Status.UNAVAILABLE.asRuntimeException();
          }
        };
    var study = study(lanes(first.address() + "," + second.address()), "m");
    await(firstHasSome);
    first.kill();
    gone.countDown();
    secondMayWork.countDown();

    requireAll(study);
    assertThat(second.asked).hasSize(PAIRS - 9);
  }

  @Test
  void measure_theOnlyOneIsKilledAndComesBack_goesOn() throws Exception {
    var some = new CountDownLatch(10);
    first.before = pair -> some.countDown();
    var study = study(lanes(first.address()), "m");
    await(some);
    first.kill();
    first.restart();

    requireAll(study);
  }

  @Test
  void measure_oneIsAdded_getsWork() throws Exception {
    var addresses = ConcurrentHashMap.<InetAddress>newKeySet();
    addresses.add(InetAddress.getByName("127.0.0.1"));
    var second = evaluator("127.0.0.2", first.port());
    var secondHasDone = new CountDownLatch(PAIRS - 2);
    var firstIsStuck = new CountDownLatch(1);
    first.before =
        pair -> {
          firstIsStuck.countDown();
          await(secondHasDone);
        };
    second.before = pair -> secondHasDone.countDown();
    var lanes =
        lanes("evaluators:" + first.port(), Duration.ofMinutes(1), host -> List.copyOf(addresses));
    var study = study(lanes, "m");
    await(firstIsStuck);
    addresses.add(InetAddress.getByName("127.0.0.2"));

    requireAll(study);
    // All but what the first had in its places when the other came.
    assertThat(second.asked).hasSize(PAIRS - 2);
  }

  @Test
  void measure_oneLeavesItsName_endsWhatItHasAndGetsNoMore() throws Exception {
    var second = evaluator("127.0.0.2", first.port());
    var addresses = ConcurrentHashMap.<InetAddress>newKeySet();
    addresses.add(InetAddress.getByName("127.0.0.1"));
    var firstIsStuck = new CountDownLatch(2);
    var secondHasOne = new CountDownLatch(1);
    first.before =
        pair -> {
          firstIsStuck.countDown();
          await(secondHasOne);
        };
    second.before = pair -> secondHasOne.countDown();
    var lanes =
        lanes("evaluators:" + first.port(), Duration.ofMinutes(1), host -> List.copyOf(addresses));
    var study = study(lanes, "m");
    await(firstIsStuck);
    addresses.add(InetAddress.getByName("127.0.0.2"));
    addresses.remove(InetAddress.getByName("127.0.0.1"));

    requireAll(study);
    assertThat(first.asked).hasSize(2);
    assertThat(second.asked).hasSize(PAIRS - 2);
  }

  @Test
  void measure_twoStudies_takeTurnsTileByTile() throws Exception {
    // With its memory of 8 models beside what it computes with, a tile has 6 anchors: 15 pairs
    // among
    // themselves, 36 with the 6 others, 15 among these.
    var bothAreThere = new CountDownLatch(1);
    first.before = pair -> await(bothAreThere);
    var lanes = lanes(first.address());
    var one = study(lanes, "one-");
    var two = new FutureTask<>(() -> measure(lanes, "two-", Context.ROOT.withCancellation()));
    var thread = Thread.ofPlatform().start(two);
    while (thread.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    bothAreThere.countDown();
    requireAll(one);
    requireAll(two);

    var order = List.copyOf(first.asked);
    int changes =
        (int)
            IntStream.range(1, order.size())
                .filter(i -> order.get(i).charAt(0) != order.get(i - 1).charAt(0))
                .count();
    assertThat(order).hasSize(2 * PAIRS);
    // A pair in each of its two places may overtake at a change.
    assertThat(changes).as("%s", order).isBetween(3, 12);
  }

  @Test
  void measure_oneIsUnsuitable_getsNothingAndTheOtherAll() throws Exception {
    var second = evaluator("127.0.0.1", 0);
    var lanes = lanes(first.address() + "," + second.address());
    var measured = measure(lanes, "m", Context.ROOT.withCancellation(), first.address());

    assertThat(measured).hasSize(PAIRS).doesNotHaveDuplicates();
    assertThat(second.asked).hasSize(PAIRS);
    assertThat(first.asked).isEmpty();
    // It is unsuitable for that study alone.
    second.before = pair -> {};
    requireAll(study(lanes, "n"));
  }

  @Test
  void measure_oneLacksTheCheckpoints_isNamedAndTheOtherDoesAll() throws Exception {
    var second = evaluator("127.0.0.1", 0);
    var firstWasAsked = new CountDownLatch(1);
    first.before =
        pair -> {
          firstWasAsked.countDown();
          throw lacking();
        };
    second.before = pair -> await(firstWasAsked);
    var work = pairs("m", "");
    lanes(first.address() + "," + second.address())
        .measure(Context.ROOT.withCancellation(), tiles(), work);

    assertThat(work.measured()).hasSize(PAIRS).doesNotHaveDuplicates();
    assertThat(work.leftOut())
        .isNotEmpty()
        .allSatisfy(
            why ->
                assertThat(why)
                    .contains(first.address(), "There is no m1.", "watershed.checkpoints.root"));
  }

  /** Nothing is waited for: it was deleted, most likely. */
  @Test
  void measure_allLackTheCheckpoints_failsAtOnce() throws Exception {
    var second = evaluator("127.0.0.1", 0);
    for (var each : List.of(first, second)) {
      each.before =
          pair -> {
            throw lacking();
          };
    }
    var lanes = lanes(first.address() + "," + second.address());
    assertThatThrownBy(() -> measure(lanes, "m", Context.ROOT.withCancellation()))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("There is no m1.");
  }

  private static RuntimeException lacking() {
    return StatusProto.toStatusRuntimeException(
        com.google.rpc.Status.newBuilder()
            .setCode(Code.NOT_FOUND_VALUE)
            .setMessage("There is no m1.")
            .addDetails(Any.pack(ErrorInfo.newBuilder().setReason("CHECKPOINT_NOT_FOUND").build()))
            .build());
  }

  @Test
  void measure_allAreUnsuitable_failsWhenPatienceEnds() {
    var lanes =
        lanes(
            first.address(),
            Duration.ofMillis(20),
            host -> List.of(InetAddress.getAllByName(host)));
    assertThatThrownBy(() -> measure(lanes, "m", Context.ROOT.withCancellation(), first.address()))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining(first.address() + " is of another kind.")
        .hasMessageContaining("watershed.analysis.evaluator.patience");
  }

  @Test
  void measure_nobodyThere_failsWhenPatienceEnds() throws Exception {
    first.kill();
    var lanes =
        lanes(
            first.address(),
            Duration.ofMillis(20),
            host -> List.of(InetAddress.getAllByName(host)));
    assertThatThrownBy(() -> requireAll(study(lanes, "m")))
        .cause()
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            failure -> {
              assertThat(StatusProto.fromThrowable(failure).getCode())
                  .isEqualTo(Code.UNAVAILABLE_VALUE);
              assertThat(failure).hasMessageContaining("The evaluator, asked about m ModelPair");
            });
  }

  @Test
  void measure_nameWithoutAddress_failsWhenPatienceEnds() {
    var lanes =
        lanes(
            "nowhere:1",
            Duration.ofMillis(20),
            host -> {
              throw new UnknownHostException(host);
            });
    assertThatThrownBy(() -> requireAll(study(lanes, "m")))
        .hasMessageContaining("the name nowhere has no address");
  }

  /** As where evaluators are started when there is work. */
  @Test
  void measure_nameGetsItsAddressAfterPatience_isWaitedFor() throws Exception {
    var looks = new CountDownLatch(3);
    var lanes =
        lanes(
            "evaluators:" + first.port(),
            Duration.ofMillis(20),
            Duration.ofMinutes(1),
            host -> {
              looks.countDown();
              if (looks.getCount() > 0) {
                throw new UnknownHostException(host);
              }
              return List.of(InetAddress.getByName("127.0.0.1"));
            });
    requireAll(study(lanes, "m"));
  }

  @Test
  void measure_contextCancelled_endsAndNothingRunsOn() throws Exception {
    var busy = new CountDownLatch(1);
    var forever = new CountDownLatch(1);
    first.before =
        pair -> {
          busy.countDown();
          await(forever);
        };
    var context = Context.ROOT.withCancellation();
    var study = study(lanes(first.address()), "m", context);
    await(busy);
    context.cancel(null);

    assertThatThrownBy(study::get).hasCauseInstanceOf(CancellationException.class);
    forever.countDown();
  }

  @Test
  void address_severalForms_isRead() {
    assertThat(EvaluatorAddress.parse("dns:///a:1, [::1]:2,inprocess:x").toString())
        .isEqualTo("[Remote[host=a:1], Remote[host=[::1]:2], InProcess[name=x]]");
    for (var wrong : Set.of("", "a", "a:1,", "a:b", "unix:///tmp/x", ":8980")) {
      assertThatThrownBy(() -> EvaluatorAddress.parse(wrong))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("watershed.analysis.evaluator.address");
    }
  }
}

package dev.watershed.classifier.model;

import ai.djl.pytorch.jni.JniUtils;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the time of libtorch's calls goes, as its own profiler sees it: each operation with what it
 * spends itself and what those that it calls spend, the methods of TorchScript among them.
 *
 * @param wallSeconds of the work, by the clock, the profiler's own cost included
 * @param operations most of the time first
 */
public record OperationProfile(double wallSeconds, List<Operation> operations) {
  public OperationProfile {
    operations = List.copyOf(operations);
  }

  /**
   * One kind of operation.
   *
   * @param name libtorch's, such as {@code aten::layer_norm}, or a TorchScript method's
   * @param shape of the right factor of a matrix product, such as {@code [3072, 768]}; else empty
   * @param calls how often
   * @param ownSeconds without the operations that it calls
   * @param seconds with them
   */
  public record Operation(
      String name, String shape, long calls, double ownSeconds, double seconds) {
    /** Whether it is a method of a program, whose own time is the interpreter's. */
    public boolean isMethod() {
      return !name.contains("::");
    }
  }

  /** One call, in microseconds. */
  @JsonIgnoreProperties(ignoreUnknown = true)
  private record Event(
      String name, double ts, double dur, long tid, @Nullable List<List<Long>> shape) {}

  private static final class Sum {
    long calls;
    double own;
    double all;
  }

  private record Kind(String name, String shape) {}

  /** An operation that has not ended where the next one begins. */
  private record Open(Sum sum, double end) {}

  /**
   * Runs work under the profiler, which sees the calling thread. One at a time in a process.
   *
   * @throws IOException where the profiler's file cannot be written or read
   */
  public static synchronized OperationProfile record(Runnable work) throws IOException {
    Torch.settings(); // starts libtorch where nothing has
    Path file = Files.createTempFile("watershed-profile-", ".json");
    try {
      JniUtils.startProfile(false, true, false);
      long start = System.nanoTime();
      double seconds;
      try {
        work.run();
      } finally {
        seconds = (System.nanoTime() - start) / 1e9;
        JniUtils.stopProfile(file.toString());
      }
      return new OperationProfile(seconds, read(file));
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private static List<Operation> read(Path file) throws IOException {
    return summed(
        JsonMapper.builder().build().readerForListOf(Event.class).readValue(file.toFile()));
  }

  /** A call lies within another where its span does; what it spends is not the other's own. */
  private static List<Operation> summed(List<Event> events) {
    var sums = new HashMap<Kind, Sum>();
    var open = new HashMap<Long, Deque<Open>>();
    var sorted = new ArrayList<>(events);
    sorted.sort(Comparator.comparingDouble(Event::ts).thenComparingDouble(event -> -event.dur()));
    for (Event event : sorted) {
      Deque<Open> above = open.computeIfAbsent(event.tid(), thread -> new ArrayDeque<>());
      while (!above.isEmpty() && above.peek().end() <= event.ts()) {
        above.pop();
      }
      Sum sum = sums.computeIfAbsent(kind(event), name -> new Sum());
      sum.calls++;
      sum.own += event.dur();
      if (!above.isEmpty()) {
        above.peek().sum().own -= event.dur();
      }
      if (above.stream().noneMatch(outer -> outer.sum() == sum)) {
        sum.all += event.dur();
      }
      above.push(new Open(sum, event.ts() + event.dur()));
    }
    var operations = new ArrayList<Operation>();
    for (Map.Entry<Kind, Sum> entry : sums.entrySet()) {
      Sum sum = entry.getValue();
      operations.add(
          new Operation(
              entry.getKey().name, entry.getKey().shape, sum.calls, sum.own / 1e6, sum.all / 1e6));
    }
    operations.sort(Comparator.comparingDouble(operation -> -operation.ownSeconds()));
    return operations;
  }

  /** Products are told apart by their right factor: the last of their inputs that is a matrix. */
  private static Kind kind(Event event) {
    boolean product = event.name().contains("linear") || event.name().contains("mm");
    List<List<Long>> shapes = event.shape();
    String shape =
        product && event.name().contains("::") && shapes != null
            ? shapes.stream()
                .filter(sizes -> sizes.size() == 2)
                .reduce((first, second) -> second)
                .map(List::toString)
                .orElse("")
            : "";
    return new Kind(event.name(), shape);
  }

  /** Seconds within an operation, those that it calls included; 0 where it was not called. */
  public double seconds(String name) {
    return operations.stream()
        .filter(operation -> operation.name().equals(name))
        .mapToDouble(Operation::seconds)
        .sum();
  }

  /** Seconds of all operations, each counted once. */
  public double accountedSeconds() {
    return operations.stream().mapToDouble(Operation::ownSeconds).sum();
  }
}

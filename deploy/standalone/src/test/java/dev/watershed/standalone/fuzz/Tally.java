package dev.watershed.standalone.fuzz;

import io.grpc.Status;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** How often which rpc was called how, and how calls ended. */
final class Tally {
  private final Map<String, EnumMap<FuzzKind, Integer>> kinds = new TreeMap<>();
  private final Map<String, EnumMap<Status.Code, Integer>> codes = new TreeMap<>();

  synchronized void add(String method, FuzzKind kind, Status.Code code) {
    kinds
        .computeIfAbsent(method, name -> new EnumMap<>(FuzzKind.class))
        .merge(kind, 1, Integer::sum);
    codes
        .computeIfAbsent(method, name -> new EnumMap<>(Status.Code.class))
        .merge(code, 1, Integer::sum);
  }

  synchronized int count(String method, FuzzKind kind) {
    var counts = kinds.get(method);
    return counts == null ? 0 : counts.getOrDefault(kind, 0);
  }

  synchronized int count(String method, Status.Code code) {
    var counts = codes.get(method);
    return counts == null ? 0 : counts.getOrDefault(code, 0);
  }

  synchronized int calls() {
    return kinds.values().stream()
        .flatMap(counts -> counts.values().stream())
        .mapToInt(Integer::intValue)
        .sum();
  }

  /** A line for each rpc. */
  synchronized String table(List<ServedMethod> methods) {
    var table = new StringBuilder();
    for (var method : methods) {
      table.append(
          String.format(
              Locale.ROOT,
              "%-60s %s %s%n",
              method.name(),
              kinds.getOrDefault(method.name(), new EnumMap<>(FuzzKind.class)),
              codes.getOrDefault(method.name(), new EnumMap<>(Status.Code.class))));
    }
    return table.toString();
  }
}

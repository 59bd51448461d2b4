package dev.watershed.deploy;

import static dev.watershed.deploy.Manifests.at;
import static dev.watershed.deploy.Manifests.name;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonObject;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.deploy.Manifests.Pod;
import dev.watershed.deploy.Packaged.Ended;
import dev.watershed.eval.v1.EvaluationServiceGrpc;
import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.jobs.kit.TestDatabase.Engine;
import dev.watershed.trainer.v1.TrainingServiceGrpc;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** deploy/kubernetes as kustomize renders it, against Kubernetes' schemas and our own programs. */
final class KubernetesIT {
  private static final Path KUBERNETES = Packaged.PROJECT.resolve("deploy/kubernetes");
  private static final String REQUIRE = "CI_REQUIRE_KUBECTL";

  private static final Map<String, String> HEALTH_NAMES =
      Map.of(
          "trainer", TrainingServiceGrpc.SERVICE_NAME,
          "eval", EvaluationServiceGrpc.SERVICE_NAME,
          "analysis", StudyServiceGrpc.SERVICE_NAME);

  /** Of keys that are not ours, those that our manifests say. */
  private static final Set<String> FOREIGN =
      Set.of(
          "GRPC_SERVER_HOST",
          "GRPC_SERVER_PORT",
          "GRPC_SERVER_AWAIT_TERMINATION",
          "AWS_ACCESS_KEY_ID",
          "AWS_SECRET_ACCESS_KEY");

  /** What preStop takes and a drain does not know of. */
  private static final Duration MARGIN = Duration.ofSeconds(2);

  private static final Map<String, Manifests> RENDERED = new LinkedHashMap<>();
  private static final Map<Object, Map<String, String>> CONFIGURATIONS = new HashMap<>();

  @BeforeAll
  static void render() throws Exception {
    boolean found = kustomize(KUBERNETES.resolve("base")).code() == 0;
    if (!found && "1".equals(System.getenv(REQUIRE))) {
      throw new AssertionError(kustomize(KUBERNETES.resolve("base")).output());
    }
    assumeTrue(found, "SKIPPED: there is no kubectl on the PATH that renders kustomize's bases");
    try (var overlays = Files.list(KUBERNETES.resolve("overlays"))) {
      for (Path overlay : overlays.sorted().toList()) {
        RENDERED.put("overlay " + overlay.getFileName(), rendered(overlay));
      }
    }
    // Each component alone, whether or not an overlay has it.
    try (var components = Files.list(KUBERNETES.resolve("components"))) {
      for (Path component : components.sorted().toList()) {
        RENDERED.put("component " + component.getFileName(), withComponents(component));
      }
    }
    RENDERED.put(
        "all components",
        withComponents(
            Stream.of("postgres", "keda", "tls", "network-policy", "s3", "monitoring", "gpu")
                .map(name -> KUBERNETES.resolve("components").resolve(name))
                .toArray(Path[]::new)));
    assertThat(RENDERED).hasSizeGreaterThanOrEqualTo(12);
  }

  private static Manifests withComponents(Path... components) throws Exception {
    Path folder = Files.createDirectories(Path.of("target", "components").toAbsolutePath());
    var text = new StringBuilder("resources: [../../../kubernetes/base]\ncomponents:\n");
    for (Path component : components) {
      text.append("  - ../../../kubernetes/components/")
          .append(component.getFileName())
          .append('\n');
    }
    Files.writeString(folder.resolve("kustomization.yaml"), text);
    return rendered(folder);
  }

  private static Ended kustomize(Path folder) throws InterruptedException {
    try {
      return Packaged.run(
          List.of("kubectl", "kustomize", folder.toString()), Map.of(), Packaged.PROJECT, 1);
    } catch (IOException e) {
      return new Ended(127, String.valueOf(e.getMessage()));
    }
  }

  private static Manifests rendered(Path folder) throws InterruptedException {
    Ended ended = kustomize(folder);
    assertThat(ended.code()).as(ended.output()).isZero();
    return new Manifests(ended.output());
  }

  private static Stream<Pod> ours() {
    return RENDERED.values().stream().flatMap(manifests -> manifests.pods().stream());
  }

  @Test
  void objects_everyOverlayAndComponent_haveKnownFieldsOfTheirTypes() {
    RENDERED.forEach((what, manifests) -> assertThat(manifests.mistakes()).as(what).isEmpty());
  }

  /** So that the test above could fail. */
  @Test
  void objects_misspeltOrMistypedOnPurpose_areFound() throws Exception {
    String yaml =
        kustomize(KUBERNETES.resolve("overlays/cluster")).output()
            + "---\n"
            + Files.readString(KUBERNETES.resolve("components/monitoring/pods.yaml"))
            + "---\n"
            + Files.readString(KUBERNETES.resolve("components/monitoring/alerts.yaml"));
    for (var change :
        Map.ofEntries(
                entry("terminationGracePeriodSeconds:", "terminationGracePeriodSecond:"),
                entry("readOnlyRootFilesystem:", "readonlyRootFilesystem:"),
                entry("maxUnavailable: 0", "maxUnavailable: {}"),
                entry("topologyKey:", "topologykey:"),
                entry("maxReplicaCount:", "maxReplicas:"),
                entry("targetQueryValue: \"2000\"", "targetQueryValue: 2000"),
                entry("activationTargetQueryValue:", "activationQueryValue:"),
                entry("backoffLimit:", "backOffLimit:"),
                entry("podSelector:", "podSelectors:"),
                entry("podMetricsEndpoints:", "podMetricEndpoints:"),
                entry("interval: 30s", "intervals: 30s"),
                entry("expr: max", "expression: max"),
                entry("annotations:", "annotation:"))
            .entrySet()) {
      assertThat(yaml).contains(change.getKey());
      assertThat(new Manifests(yaml.replace(change.getKey(), change.getValue())).mistakes())
          .as(change.getValue())
          .isNotEmpty();
    }
  }

  @Test
  void variables_everyPod_areKeysThatItsServiceReads() {
    ours()
        .forEach(
            pod -> {
              Map<String, String> told = configuration(pod);
              pod.variables()
                  .forEach(
                      (variable, value) -> {
                        if (!FOREIGN.contains(variable)) {
                          assertThat(told.get(variable))
                              .as(
                                  "%s of pod %s, whose service is told %s",
                                  variable, pod.name(), told)
                              .isEqualTo(variable.endsWith("PASSWORD") ? "***" : value);
                        }
                      });
            });
  }

  /**
   * What the service of a pod is told by its variables, by the variable; refused keys and values
   * end the process.
   */
  private static Map<String, String> configuration(Pod pod) {
    return CONFIGURATIONS.computeIfAbsent(
        List.of(pod.service(), pod.variables()),
        key -> {
          try {
            var variables = new HashMap<>(pod.variables());
            // As the image says.
            variables.putIfAbsent("GRPC_SERVER_HOST", "0.0.0.0");
            variables.putIfAbsent("WATERSHED_CHECKPOINTS_ROOT", "/data/checkpoints");
            Ended ended = Packaged.service(pod.service(), variables, List.of("--show-config"));
            assertThat(ended.code()).as("%s: %s", pod.name(), ended.output()).isZero();
            var told = new HashMap<String, String>();
            for (String line : ended.output().lines().toList()) {
              String[] columns = line.split("  +", -1);
              told.put(
                  columns[0].toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_'),
                  columns.length > 2 ? columns[1] : "");
            }
            return told;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  @Test
  void arguments_everyPod_areThoseOfItsProcess() throws Exception {
    for (Pod pod : ours().filter(pod -> pod.container().has("args")).toList()) {
      var arguments = new ArrayList<String>(List.of("--show-config"));
      pod.container().getAsJsonArray("args").forEach(word -> arguments.add(word.getAsString()));
      var ended =
          Packaged.service(
              pod.service(), Map.of("WATERSHED_CHECKPOINTS_ROOT", "/data/checkpoints"), arguments);
      assertThat(ended.code()).as("%s %s: %s", pod.name(), arguments, ended.output()).isZero();
    }
  }

  @Test
  void probes_everyDeployment_askPortsAndNamesThatTheProcessHas() {
    ours()
        .filter(pod -> pod.container().has("readinessProbe"))
        .forEach(
            pod -> {
              Map<String, String> told = configuration(pod);
              JsonObject container = pod.container();
              assertThat(at(container, "ports", 0, "containerPort").getAsString())
                  .as(pod.name())
                  .isEqualTo(told.get("GRPC_SERVER_PORT"));
              boolean tls = !told.getOrDefault("WATERSHED_SERVER_TLS_CERTIFICATE", "").isEmpty();
              String port = told.get(tls ? "WATERSHED_SERVER_HEALTH_PORT" : "GRPC_SERVER_PORT");
              for (String probe : List.of("startupProbe", "livenessProbe", "readinessProbe")) {
                assertThat(at(container, probe, "grpc", "port").getAsString())
                    .as("%s of %s", probe, pod.name())
                    .isEqualTo(port);
              }
              assertThat(at(container, "readinessProbe", "grpc", "service").getAsString())
                  .isEqualTo(HEALTH_NAMES.get(pod.service()));
              assertThat(at(container, "livenessProbe", "grpc", "service").getAsString())
                  .isEqualTo(HealthGrpc.SERVICE_NAME);
            });
  }

  @Test
  void metrics_everyDeployment_areToldOnThePortThatIsRead() {
    Manifests monitored = Objects.requireNonNull(RENDERED.get("all components"));
    JsonObject monitor = monitored.of("PodMonitor").findFirst().orElseThrow();
    String port = at(monitor, "spec", "podMetricsEndpoints", 0, "port").getAsString();
    assertThat(at(monitor, "spec", "podMetricsEndpoints", 0, "path").getAsString())
        .isEqualTo("/metrics");
    for (Pod pod : monitored.pods()) {
      if (!pod.container().has("readinessProbe")) {
        continue;
      }
      var numbers = new HashMap<String, String>();
      pod.container()
          .getAsJsonArray("ports")
          .forEach(
              said ->
                  numbers.put(
                      at(said, "name").getAsString(), at(said, "containerPort").getAsString()));
      assertThat(numbers)
          .as(pod.name())
          .containsEntry(
              port,
              Objects.requireNonNull(configuration(pod).get("WATERSHED_SERVER_METRICS_PORT")));
    }
  }

  @Test
  void grace_everyPod_isLongerThanItsDrain() {
    ours()
        .forEach(
            pod -> {
              Map<String, String> told = configuration(pod);
              String drain =
                  switch (pod.service()) {
                    case "trainer" -> told.get("WATERSHED_TRAINER_DRAIN");
                    case "eval" -> pod.variables().get("GRPC_SERVER_AWAIT_TERMINATION");
                    default -> "10s";
                  };
              long leaving =
                  pod.container().has("lifecycle")
                      ? at(pod.container(), "lifecycle", "preStop", "sleep", "seconds").getAsLong()
                      : 0;
              assertThat(
                      Duration.ofSeconds(
                          pod.spec().get("terminationGracePeriodSeconds").getAsLong() - leaving))
                  .as("of %s, after preStop", pod.name())
                  .isGreaterThanOrEqualTo(
                      Duration.parse("PT" + Objects.requireNonNull(drain)).plus(MARGIN));
            });
  }

  @Test
  void pods_all_areHardened() {
    ours()
        .forEach(
            pod -> {
              assertThat(at(pod.spec(), "securityContext", "runAsNonRoot").getAsBoolean()).isTrue();
              assertThat(at(pod.spec(), "automountServiceAccountToken").getAsBoolean()).isFalse();
              JsonObject security = pod.container().getAsJsonObject("securityContext");
              assertThat(security.get("readOnlyRootFilesystem").getAsBoolean()).isTrue();
              assertThat(security.get("allowPrivilegeEscalation").getAsBoolean()).isFalse();
              assertThat(at(security, "capabilities", "drop", 0).getAsString()).isEqualTo("ALL");
              for (String bound : List.of("requests", "limits")) {
                assertThat(at(pod.container(), "resources", bound, "memory").getAsString())
                    .as("%s of %s", bound, pod.name())
                    .isNotEmpty();
              }
            });
  }

  /** The name by which the analysis looks evaluators up has an address for each of them. */
  @Test
  void evaluators_ofTheAnalysis_areTheHeadlessService() {
    RENDERED.forEach(
        (what, manifests) -> {
          JsonObject service =
              manifests
                  .of("Service")
                  .filter(one -> name(one).equals("evaluator"))
                  .findFirst()
                  .orElseThrow();
          assertThat(at(service, "spec", "clusterIP").getAsString()).isEqualTo("None");
          int port = at(service, "spec", "ports", 0, "port").getAsInt();
          Pod analysis =
              manifests.pods().stream()
                  .filter(pod -> pod.service().equals("analysis"))
                  .findFirst()
                  .orElseThrow();
          assertThat(analysis.variables())
              .as(what)
              .containsEntry("WATERSHED_ANALYSIS_EVALUATOR_ADDRESS", "dns:///evaluator:" + port);
        });
  }

  @Test
  void queries_ofTheScalers_countWhatIsToBeDone() throws Exception {
    var queries = new HashMap<String, String>();
    Manifests keda = Objects.requireNonNull(RENDERED.get("component keda"));
    Stream.concat(keda.of("ScaledObject"), keda.of("ScaledJob"))
        .map(object -> at(object, "spec", "triggers", 0, "metadata").getAsJsonObject())
        .forEach(
            trigger ->
                queries.put(
                    trigger.get("dbName").getAsString(), trigger.get("query").getAsString()));
    assertThat(queries).containsOnlyKeys("trainer", "analysis");

    for (Engine engine : Engine.values()) {
      try (var trainer = TestDatabase.create(engine, "classpath:db/trainer")) {
        countRuns(trainer, Objects.requireNonNull(queries.get("trainer")));
      }
      try (var analysis = TestDatabase.create(engine, "classpath:db/analysis")) {
        countPairs(analysis, Objects.requireNonNull(queries.get("analysis")));
      }
    }
  }

  private static void countRuns(TestDatabase trainer, String query) throws SQLException {
    assertThat(count(trainer, query)).isZero();
    for (String row :
        List.of(
            "'training-run', 'waits', timestamp with time zone '2020-01-01 00:00:00Z', false",
            "'training-run', 'trained', timestamp with time zone '2020-01-01 00:00:00Z', true",
            "'training-run', 'later', timestamp with time zone '2999-01-01 00:00:00Z', false",
            "'another', 'waits', timestamp with time zone '2020-01-01 00:00:00Z', false")) {
      trainer.execute(
          "INSERT INTO training_queue (task_name, task_instance, execution_time, picked, version)"
              + " VALUES ("
              + row
              + ", 1)");
    }
    assertThat(count(trainer, query)).as("what waits and what is trained").isEqualTo(2);
  }

  private static void countPairs(TestDatabase analysis, String query) throws SQLException {
    assertThat(count(analysis, query)).isZero();
    study(analysis, "QUEUED", 0, 0);
    assertThat(count(analysis, query)).as("a study that has not begun").isEqualTo(1);
    study(analysis, "RUNNING", 10, 45);
    assertThat(count(analysis, query)).isEqualTo(1 + 35 + 1);
    study(analysis, "SUCCEEDED", 45, 45);
    study(analysis, "FAILED", 5, 45);
    study(analysis, "CANCELLED", 5, 45);
    assertThat(count(analysis, query)).as("ended ones want nothing").isEqualTo(37);
  }

  private static void study(TestDatabase database, String state, int completed, int total)
      throws SQLException {
    database.execute(
        String.format(
            Locale.ROOT,
            """
            INSERT INTO study (id, spec, state, attempt, fruitless_attempts, completed_points, total_points,
              completed_pairs, total_pairs, elapsed_seconds, remaining_seconds, create_time)
            VALUES ('%s', '', '%s', 0, 0, 0, 0, %d, %d, 0, 0, now())
            """,
            state,
            state,
            completed,
            total));
  }

  private static long count(TestDatabase database, String sql) throws SQLException {
    return Long.parseLong(database.column(sql).getFirst());
  }
}

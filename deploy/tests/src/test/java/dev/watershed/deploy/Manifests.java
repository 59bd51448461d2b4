package dev.watershed.deploy;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1JobSpec;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PersistentVolumeClaim;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1StatefulSet;
import io.kubernetes.client.openapi.models.V2HorizontalPodAutoscaler;
import io.kubernetes.client.openapi.models.V2HorizontalPodAutoscalerBehavior;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.yaml.snakeyaml.Yaml;

/**
 * Kubernetes objects as {@code kubectl kustomize} prints them, held against what those may hold.
 */
final class Manifests {
  private static final Map<String, Class<?>> KUBERNETES =
      Map.of(
          "v1/Namespace", V1Namespace.class,
          "v1/ConfigMap", V1ConfigMap.class,
          "v1/Service", V1Service.class,
          "v1/PersistentVolumeClaim", V1PersistentVolumeClaim.class,
          "apps/v1/Deployment", V1Deployment.class,
          "apps/v1/StatefulSet", V1StatefulSet.class,
          "policy/v1/PodDisruptionBudget", V1PodDisruptionBudget.class,
          "networking.k8s.io/v1/NetworkPolicy", V1NetworkPolicy.class,
          "autoscaling/v2/HorizontalPodAutoscaler", V2HorizontalPodAutoscaler.class);

  private static final Set<String> OBJECT = Set.of("apiVersion", "kind", "metadata", "spec");

  /**
   * What the objects of operators may hold, of their CRDs as much as we use: by the path of a part,
   * its keys. A list on the way stands for each of its elements. Of KEDA 2.12 and newer, and of
   * Prometheus' operator 0.60 and newer.
   */
  private static final Map<String, Map<String, Set<String>>> OPERATORS =
      Map.of(
          "monitoring.coreos.com/v1/PodMonitor",
          Map.of(
              "spec",
              Set.of(
                  "selector",
                  "namespaceSelector",
                  "podTargetLabels",
                  "jobLabel",
                  "podMetricsEndpoints",
                  "sampleLimit"),
              "spec.selector",
              Set.of("matchLabels", "matchExpressions"),
              "spec.podMetricsEndpoints",
              Set.of(
                  "port",
                  "path",
                  "scheme",
                  "interval",
                  "scrapeTimeout",
                  "relabelings",
                  "metricRelabelings")),
          "monitoring.coreos.com/v1/PrometheusRule",
          Map.of(
              "spec",
              Set.of("groups"),
              "spec.groups",
              Set.of("name", "interval", "rules", "limit"),
              "spec.groups.rules",
              Set.of("alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations")),
          "keda.sh/v1alpha1/ScaledObject",
          Map.of(
              "spec",
              Set.of(
                  "scaleTargetRef",
                  "pollingInterval",
                  "cooldownPeriod",
                  "initialCooldownPeriod",
                  "idleReplicaCount",
                  "minReplicaCount",
                  "maxReplicaCount",
                  "fallback",
                  "advanced",
                  "triggers"),
              "spec.scaleTargetRef",
              Set.of("apiVersion", "kind", "name", "envSourceContainerName"),
              "spec.advanced",
              Set.of(
                  "horizontalPodAutoscalerConfig",
                  "restoreToOriginalReplicaCount",
                  "scalingModifiers"),
              "spec.advanced.horizontalPodAutoscalerConfig",
              Set.of("behavior", "name")),
          "keda.sh/v1alpha1/ScaledJob",
          Map.of(
              "spec",
              Set.of(
                  "jobTargetRef",
                  "pollingInterval",
                  "minReplicaCount",
                  "maxReplicaCount",
                  "successfulJobsHistoryLimit",
                  "failedJobsHistoryLimit",
                  "envSourceContainerName",
                  "rollout",
                  "scalingStrategy",
                  "triggers"),
              "spec.scalingStrategy",
              Set.of(
                  "strategy",
                  "customScalingQueueLengthDeduction",
                  "customScalingRunningJobPercentage",
                  "pendingPodConditions",
                  "multipleScalersCalculation")),
          "keda.sh/v1alpha1/TriggerAuthentication",
          Map.of("spec", Set.of("secretTargetRef", "env", "podIdentity")));

  private static final Set<String> TRIGGER =
      Set.of("type", "name", "metadata", "authenticationRef", "metricType", "useCachedMetrics");

  /** What KEDA's scaler for PostgreSQL reads; all strings. */
  private static final Set<String> POSTGRESQL =
      Set.of(
          "query",
          "targetQueryValue",
          "activationTargetQueryValue",
          "host",
          "port",
          "userName",
          "dbName",
          "sslmode",
          "passwordFromEnv",
          "connectionFromEnv");

  private final List<JsonObject> objects = new ArrayList<>();

  /** Reads documents of YAML. */
  Manifests(String yaml) {
    for (Object document : new Yaml().loadAll(yaml)) {
      objects.add(new Gson().toJsonTree(document).getAsJsonObject());
    }
  }

  /** All objects of a kind. */
  Stream<JsonObject> of(String kind) {
    return objects.stream().filter(object -> kind.equals(object.get("kind").getAsString()));
  }

  List<JsonObject> all() {
    return List.copyOf(objects);
  }

  /** The name that an object is known by. */
  static String name(JsonObject object) {
    return object.getAsJsonObject("metadata").get("name").getAsString();
  }

  /** Follows keys down an object; numbers count in lists. */
  static JsonElement at(JsonElement object, Object... path) {
    JsonElement found = object;
    for (Object step : path) {
      found =
          step instanceof Integer index
              ? found.getAsJsonArray().get(index)
              : found.getAsJsonObject().get((String) step);
      if (found == null) {
        throw new IllegalArgumentException("there is no " + step + " in " + object);
      }
    }
    return found;
  }

  /** Returns what is wrong with the objects: keys that nothing reads, values of another type. */
  List<String> mistakes() {
    var mistakes = new ArrayList<String>();
    for (JsonObject object : objects) {
      String kind = object.get("apiVersion").getAsString() + "/" + object.get("kind").getAsString();
      try {
        Map<String, Set<String>> keys = OPERATORS.get(kind);
        if (keys != null) {
          checkKeys("the object", object, OBJECT);
          keys.forEach((path, known) -> checkParts(object, path, known));
          checkScaler(object.getAsJsonObject("spec"));
        } else {
          Class<?> type = KUBERNETES.get(kind);
          if (type == null) {
            throw new IllegalArgumentException("no kind that this test knows");
          }
          check(type, object);
        }
      } catch (IllegalArgumentException e) {
        mistakes.add(kind + " " + name(object) + ": " + e.getMessage());
      }
    }
    return mistakes;
  }

  private static void check(Class<?> type, JsonElement object) {
    try {
      type.getMethod("validateJsonElement", JsonElement.class).invoke(null, object);
      Objects.requireNonNull(JSON.getGson().fromJson(object, type));
    } catch (ReflectiveOperationException e) {
      throw new IllegalArgumentException(
          e.getCause() == null ? e.toString() : e.getCause().getMessage(), e);
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  private static void checkParts(JsonObject object, String path, Set<String> known) {
    Stream<JsonElement> parts = Stream.of(object);
    for (String step : path.split("\\.", -1)) {
      parts =
          parts
              .map(part -> part.getAsJsonObject().get(step))
              .filter(Objects::nonNull)
              .flatMap(
                  part ->
                      part.isJsonArray()
                          ? part.getAsJsonArray().asList().stream()
                          : Stream.of(part));
    }
    parts.forEach(part -> checkKeys(path, part.getAsJsonObject(), known));
  }

  /** What KEDA has in common with Kubernetes, and its triggers. */
  private static void checkScaler(JsonObject spec) {
    if (spec.has("jobTargetRef")) {
      check(V1JobSpec.class, spec.get("jobTargetRef"));
    }
    if (spec.has("advanced")) {
      check(
          V2HorizontalPodAutoscalerBehavior.class,
          at(spec, "advanced", "horizontalPodAutoscalerConfig", "behavior"));
    }
    for (String count : List.of("pollingInterval", "minReplicaCount", "maxReplicaCount")) {
      if (spec.has(count) && !spec.getAsJsonPrimitive(count).isNumber()) {
        throw new IllegalArgumentException("spec." + count + " is no number");
      }
    }
    if (spec.has("triggers")) {
      spec.getAsJsonArray("triggers")
          .forEach(
              trigger -> {
                checkKeys("a trigger", trigger.getAsJsonObject(), TRIGGER);
                JsonObject metadata = trigger.getAsJsonObject().getAsJsonObject("metadata");
                checkKeys("a trigger's metadata", metadata, POSTGRESQL);
                for (var entry : metadata.entrySet()) {
                  if (!entry.getValue().getAsJsonPrimitive().isString()) {
                    throw new IllegalArgumentException(
                        "a trigger's metadata are strings, and " + entry.getKey() + " is none");
                  }
                }
              });
    }
  }

  private static void checkKeys(String where, JsonObject object, Set<String> known) {
    for (String key : object.keySet()) {
      if (!known.contains(key)) {
        throw new IllegalArgumentException("the field `" + key + "` of " + where + " is not known");
      }
    }
  }

  /** The containers of ours, each with its pod. */
  List<Pod> pods() {
    var pods = new ArrayList<Pod>();
    of("Deployment").forEach(object -> pods.add(pod(object, "spec", "template", "spec")));
    of("ScaledJob")
        .forEach(object -> pods.add(pod(object, "spec", "jobTargetRef", "template", "spec")));
    return pods;
  }

  private Pod pod(JsonObject object, Object... path) {
    JsonObject spec = at(object, path).getAsJsonObject();
    JsonObject container = at(spec, "containers", 0).getAsJsonObject();
    var variables = new HashMap<String, String>();
    if (container.has("envFrom")) {
      String map = at(container, "envFrom", 0, "configMapRef", "name").getAsString();
      JsonObject data =
          of("ConfigMap")
              .filter(candidate -> name(candidate).equals(map))
              .findFirst()
              .orElseThrow(() -> new IllegalArgumentException("there is no ConfigMap " + map))
              .getAsJsonObject("data");
      data.entrySet()
          .forEach(entry -> variables.put(entry.getKey(), entry.getValue().getAsString()));
    }
    if (container.has("env")) {
      container
          .getAsJsonArray("env")
          .forEach(
              element -> {
                JsonObject variable = element.getAsJsonObject();
                variables.put(
                    variable.get("name").getAsString(),
                    // What a Secret holds is not known here.
                    variable.has("value") ? variable.get("value").getAsString() : "secret");
              });
    }
    String image = container.get("image").getAsString();
    return new Pod(
        name(object),
        image.replaceFirst(".*/", "").replaceFirst(":.*", ""),
        spec,
        container,
        Map.copyOf(variables));
  }

  /**
   * A pod with one container.
   *
   * @param service whose image it runs: trainer, eval or analysis
   * @param variables of the environment
   */
  record Pod(
      String name,
      String service,
      JsonObject spec,
      JsonObject container,
      Map<String, String> variables) {}
}

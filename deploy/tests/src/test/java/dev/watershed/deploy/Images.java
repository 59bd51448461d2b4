package dev.watershed.deploy;

import com.github.dockerjava.api.exception.NotFoundException;
import java.util.List;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.testcontainers.DockerClientFactory;

/**
 * Skips classes of container tests, with the reason, where there is no Docker or an image is
 * missing; where {@code CI_REQUIRE_DOCKER=1} says that they must be there, the tests go on to fail.
 */
final class Images implements ExecutionCondition {
  static final String POSTGRES = "local/postgres:17";

  /** Its one program. */
  static final String IPTABLES = "local/iptables:1";

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    boolean mustBeThere = "1".equals(System.getenv("CI_REQUIRE_DOCKER"));
    if (mustBeThere || context.getTestMethod().isPresent()) {
      return ConditionEvaluationResult.enabled("");
    }
    String missing = missing(ContainerFleet.TAG);
    return missing.isEmpty()
        ? ConditionEvaluationResult.enabled("")
        : ConditionEvaluationResult.disabled("SKIPPED: " + missing);
  }

  /** What is missing, in words; empty where nothing is. */
  static String missing(String tag) {
    // Testcontainers takes its time to look for a Docker that nobody has spoken of.
    if (System.getenv("DOCKER_HOST") == null
        || !DockerClientFactory.instance().isDockerAvailable()) {
      return "no Docker (DOCKER_HOST); .ci/containers sets one up";
    }
    for (String image :
        List.of(
            POSTGRES,
            IPTABLES,
            "watershed/trainer:" + tag,
            "watershed/eval:" + tag,
            "watershed/analysis:" + tag)) {
      try {
        DockerClientFactory.lazyClient().inspectImageCmd(image).exec();
      } catch (NotFoundException e) {
        return "no image "
            + image
            + "; make them with .ci/containers and deploy/images/build.sh --base local/jre:25 --tag"
            + " "
            + tag;
      }
    }
    return "";
  }
}

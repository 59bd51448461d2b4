package dev.watershed.deploy;

import static org.junit.jupiter.api.Assumptions.abort;

import com.github.dockerjava.api.exception.NotFoundException;
import java.util.List;
import org.testcontainers.DockerClientFactory;

/** Whether there is what container tests need. */
final class Images {
  static final String POSTGRES = "local/postgres:17";

  /** Its one program. */
  static final String IPTABLES = "local/iptables:1";

  private Images() {}

  /**
   * Skips the test, with the reason, where there is no Docker or an image is missing; fails it
   * where {@code CI_REQUIRE_DOCKER=1} says that they must be there.
   */
  static void require(String tag) {
    String missing = missing(tag);
    if (missing.isEmpty()) {
      return;
    }
    if ("1".equals(System.getenv("CI_REQUIRE_DOCKER"))) {
      throw new AssertionError(missing);
    }
    abort("SKIPPED: " + missing);
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

package dev.watershed.trainer.run;

import com.google.rpc.Code;
import com.google.rpc.PreconditionFailure;
import dev.watershed.server.RefusedException;
import java.util.List;
import java.util.Map;

/** What is needed is not deleted, and those who need it are named. */
final class InUse {
  /** How many of those in the way are named. */
  private static final int MAX_NAMED = 5;

  private InUse() {}

  /**
   * @param key of the metadata that names all of them
   * @param names resource names of those in the way
   * @param why each of them is
   */
  static RefusedException refused(
      String reason, String key, List<String> names, String why, String message) {
    var failure = PreconditionFailure.newBuilder();
    names.stream()
        .limit(MAX_NAMED)
        .forEach(
            name ->
                failure
                    .addViolationsBuilder()
                    .setType(reason)
                    .setSubject(name)
                    .setDescription(why));
    return RefusedException.refused(
        Code.FAILED_PRECONDITION,
        reason,
        message,
        Map.of(key, String.join(" ", names)),
        failure.build());
  }

  /** The first few. */
  static String named(List<String> names) {
    return String.join(", ", names.subList(0, Math.min(MAX_NAMED, names.size())))
        + (names.size() > MAX_NAMED ? ", ..." : "");
  }
}

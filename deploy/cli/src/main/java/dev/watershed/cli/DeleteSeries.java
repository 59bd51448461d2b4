package dev.watershed.cli;

import com.google.rpc.Status;
import dev.watershed.input.ResourceName;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Deletes one after the other: what is refused does not keep the others from it. */
final class DeleteSeries {
  /** Asks for one to be deleted. */
  @FunctionalInterface
  interface Deletion {
    /**
     * @param name resource name
     * @return resource names of what went with it
     */
    List<String> delete(String name);
  }

  private DeleteSeries() {}

  /**
   * Writes a line for each that is deleted, and what is not and why.
   *
   * @param names resource names
   * @throws StatusRuntimeException where there is but one and it is refused, or the server fails
   */
  static int run(List<String> names, Deletion deletion, OutputOptions output) {
    Map<Status, List<String>> refused = new LinkedHashMap<>();
    int deleted = 0;
    for (String name : names) {
      try {
        List<String> others = deletion.delete(name);
        deleted++;
        tell(name, output);
        others.forEach(other -> tell(other, output));
      } catch (StatusRuntimeException e) {
        Status status = StatusProto.fromThrowable(e);
        if (names.size() == 1
            || status == null
            || ErrorReport.exitCode(status) != ExitCode.BAD_INPUT) {
          throw e;
        }
        refused.computeIfAbsent(status, same -> new ArrayList<>()).add(ResourceName.id(name));
      }
    }
    refused.forEach(
        (status, ids) -> {
          output.remark("not deleted: " + String.join(", ", ids));
          ErrorReport.lines(status).forEach(output::remark);
          if (output.json) {
            output.line("{\"error\":" + Json.line(status) + "}");
          }
        });
    if (names.size() > 1) {
      output.remark(String.format(Locale.ROOT, "%d of %d are deleted.", deleted, names.size()));
    }
    return refused.isEmpty() ? ExitCode.OK : ExitCode.BAD_INPUT;
  }

  private static void tell(String name, OutputOptions output) {
    output.line(output.json ? "{\"deleted\":" + Json.quoted(name) + "}" : "deleted " + name);
  }
}

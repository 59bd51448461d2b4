package dev.watershed.cli;

import dev.watershed.cli.terminal.TextTable;
import dev.watershed.server.v1.Device;
import dev.watershed.server.v1.GetServerInfoRequest;
import dev.watershed.server.v1.ServerInfo;
import dev.watershed.server.v1.ServerServiceGrpc;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What a server says of itself. */
@Command(
    name = "info",
    description = "Print what a server serves, computes with and allows.",
    footer = {"", "Examples:", "  watershed info", "  watershed info --address gpu1:7878 --json"})
final class InfoCommand implements Callable<Integer> {
  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;

  InfoCommand(CommandContext context) {
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
    ServerInfo info =
        ServerServiceGrpc.newBlockingStub(server.channel())
            .withDeadlineAfter(ServerOptions.LOOKUP_SECONDS, TimeUnit.SECONDS)
            .getServerInfo(GetServerInfoRequest.getDefaultInstance())
            .getServerInfo();
    if (output.json) {
      output.message(info);
      return ExitCode.OK;
    }
    output.line("Watershed " + info.getVersion());
    info.getServicesList().forEach(service -> output.line("  " + service));
    if (info.hasProvenance()) {
      var computes = info.getProvenance();
      output.line(
          String.format(
              Locale.ROOT,
              "computes with %s on %s (%s, %s), %d threads; fast in %s",
              computes.getEngine(),
              computes.getDevice(),
              computes.getProcessor(),
              computes.getInstructionSet(),
              computes.getThreads(),
              info.getFastPrecisionsList().stream()
                  .map(precision -> RecipeText.word(precision.getValueDescriptor()))
                  .collect(Collectors.joining(", "))));
    }
    for (Device device : info.getDevicesList()) {
      output.line(
          String.format(
              Locale.ROOT,
              "device %s: %s%s; also computes in %s",
              device.getName(),
              device.getProcessor(),
              device.hasMemoryBytes()
                  ? String.format(Locale.ROOT, ", %d MiB", device.getMemoryBytes() >> 20)
                  : "",
              info.getPrecisionsList().stream()
                  .filter(precision -> !info.getFastPrecisionsList().contains(precision))
                  .map(precision -> RecipeText.word(precision.getValueDescriptor()))
                  .collect(
                      Collectors.collectingAndThen(
                          Collectors.joining(", "), slow -> slow.isEmpty() ? "no other" : slow))));
    }
    info.getCataloguesMap().entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(
            catalogue ->
                output.line("version of the " + catalogue.getKey() + ": " + catalogue.getValue()));
    TextTable limits = new TextTable("limit", "value");
    info.getLimitsMap().entrySet().stream()
        .sorted(Comparator.comparing(Map.Entry::getKey))
        .forEach(limit -> limits.row(limit.getKey(), String.valueOf(limit.getValue())));
    output.table(limits);
    return ExitCode.OK;
  }
}

package dev.watershed.bench;

import picocli.CommandLine.Command;

/** What the machine can do and what Watershed makes of it. */
@Command(
    name = "bench",
    description = {
      "Measure speed and memory on this machine, with random models of known shapes. Each"
          + " measurement works in a temporary directory and downloads nothing."
    },
    subcommands = {
      BenchEvalCommand.class,
      BenchTrainCommand.class,
      BenchSoakCommand.class,
      BenchStatisticsCommand.class,
      BenchFleetCommand.class,
      BenchProgramsCommand.class
    })
final class BenchCommand {}

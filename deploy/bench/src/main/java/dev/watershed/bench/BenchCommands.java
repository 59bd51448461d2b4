package dev.watershed.bench;

import dev.watershed.cli.MoreCommands;
import java.util.List;

/** The command that measures. */
public final class BenchCommands implements MoreCommands {
  @Override
  public List<Class<?>> commands() {
    return List.of(BenchCommand.class);
  }
}

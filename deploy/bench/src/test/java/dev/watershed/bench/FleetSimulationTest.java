package dev.watershed.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.bench.FleetSimulation.Evaluator;
import dev.watershed.bench.FleetSimulation.Machine;
import dev.watershed.cli.ExitCode;
import dev.watershed.cli.TypedCommand;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** A short version of what {@code bench fleet} prints. */
final class FleetSimulationTest {
  private static final Machine BASE = new Machine("base", .25, .44, .44, 32);

  @Property(tries = 40)
  void run_evaluatorsThatComeAndGo_doesEachPairOnce(
      @ForAll @IntRange(min = 2, max = 60) int models,
      @ForAll @IntRange(min = 1, max = 8) int evaluators,
      @ForAll long seed) {
    var random = new Random(seed);
    var fleet = new ArrayList<Evaluator>();
    fleet.add(Evaluator.STEADY);
    for (int i = 1; i < evaluators; i++) {
      double joins = 20 * random.nextDouble();
      fleet.add(
          new Evaluator(
              .3 + random.nextDouble(),
              joins,
              random.nextBoolean() ? Double.POSITIVE_INFINITY : joins + 50 * random.nextDouble()));
    }
    var outcome = FleetSimulation.run(models, BASE, fleet);

    assertThat(outcome.pairs()).isEqualTo((long) models * (models - 1) / 2);
    assertThat(outcome.seconds()).isGreaterThanOrEqualTo(outcome.idealSeconds() * (1 - 1e-9));
  }

  @Test
  void run_manyPairsForEachEvaluator_isNearTheIdeal() {
    for (int evaluators : new int[] {1, 4, 16}) {
      var steady = FleetSimulation.run(200, BASE, FleetSimulation.steady(evaluators));
      assertThat(steady.overIdeal()).isLessThan(1.06);
      var fleet = FleetSimulation.steady(evaluators);
      fleet.set(0, new Evaluator(1. / 3, 0, Double.POSITIVE_INFINITY));
      assertThat(FleetSimulation.run(200, BASE, fleet).overIdeal()).isLessThan(1.1);
    }
    var inTurn = FleetSimulation.roundRobin(200, BASE, 4);
    assertThat(inTurn.reads()).isGreaterThan(5 * inTurn.plannedReads());
  }

  @Test
  void fleet_command_printsTheTables() {
    var out =
        TypedCommand.in(Path.of(""), Map.of())
            .run("bench", "fleet", "--models", "40", "--evaluators", "4")
            .ends(ExitCode.OK)
            .out();
    assertThat(out)
        .contains("40 models, 780 pairs", "reads / plan, 32 models, memory for 8, 3 evaluators")
        .contains("base on a GPU", "one at a third of the speed, base on a GPU, 4 evaluators");
  }
}

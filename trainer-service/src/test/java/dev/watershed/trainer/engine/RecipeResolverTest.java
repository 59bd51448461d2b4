package dev.watershed.trainer.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.watershed.classifier.checkpoint.Activation;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.server.RefusedException;
import dev.watershed.trainer.v1.AdamW;
import dev.watershed.trainer.v1.HeadInitialization;
import dev.watershed.trainer.v1.LinearProbe;
import dev.watershed.trainer.v1.NamedRecipe;
import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.Schedule;
import dev.watershed.type.v1.Precision;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class RecipeResolverTest {
  private static final int ROWS = 1000;
  private static final long MAX_BATCH_TOKENS = 64 * 1024;

  private static final RecipeResolver BASE = resolver(512, .1, .1);
  private static final RecipeResolver SHORT_UNEVEN = resolver(40, .1, .2);

  private static RecipeResolver resolver(int positions, double dropout, double classifierDropout) {
    var encoder =
        new EncoderConfig(
            Family.BERT,
            100,
            16,
            1,
            2,
            32,
            positions,
            2,
            1e-12,
            Activation.GELU,
            0,
            dropout,
            dropout,
            classifierDropout);
    return new RecipeResolver(RecipeCatalogue.PUBLISHED, encoder, MAX_BATCH_TOKENS);
  }

  private static Recipe resolve(RecipeResolver resolver, Recipe asked) {
    return resolver.resolve(resolver.merge(asked), ROWS);
  }

  private static Recipe resolve(Recipe.Builder asked) {
    return resolve(BASE, asked.build());
  }

  private static Recipe.Builder basedOn(String name) {
    return Recipe.newBuilder().setBasedOn(name);
  }

  /** Without a name, as callers wrote recipes before there were names. */
  private static Recipe.Builder plain() {
    return Recipe.newBuilder()
        .setAdamw(AdamW.newBuilder().setBeta1(.9).setBeta2(.999).setEpsilon(1e-8))
        .setLearningRate(1e-3)
        .setSchedule(Schedule.SCHEDULE_LINEAR)
        .setSteps(100)
        .setBatchSize(16);
  }

  @Test
  void resolve_nameAlone_isTheRecipeWithNothingOverridden() {
    var resolved = resolve(basedOn("paper-mnli"));

    // Three times 1000 rows, one after the other, hold 93 batches of 32.
    assertThat(resolved)
        .isEqualTo(
            Recipe.newBuilder()
                .setBasedOn("paper-mnli")
                .setOverriddenFields(com.google.protobuf.FieldMask.getDefaultInstance())
                .setAdamw(
                    AdamW.newBuilder()
                        .setBeta1(.9)
                        .setBeta2(.999)
                        .setEpsilon(1e-6)
                        .setWeightDecay(.01)
                        .setBiasCorrection(false)
                        .setDecayAllParameters(false))
                .setEndLearningRate(0)
                .setPolynomialPower(1)
                .setLearningRate(2e-5)
                .setSchedule(Schedule.SCHEDULE_GOOGLE_LINEAR)
                .setShuffleBuffer(100)
                .setDropRemainder(true)
                .setHeadInitialization(HeadInitialization.HEAD_INITIALIZATION_TRUNCATED_NORMAL)
                .setWarmupSteps(9)
                .setSteps(93)
                .setBatchSize(32)
                .setMaxTokens(128)
                .setClipNorm(1)
                .setDropout(.1)
                .setAccumulationSteps(1)
                .setPrecision(Precision.PRECISION_FP32)
                .build());
  }

  @Test
  void resolve_setFields_winAndAreListed() {
    var resolved =
        resolve(
            basedOn("paper-mnli")
                .setLearningRate(1e-4)
                .setAdamw(AdamW.newBuilder().setBeta2(.98))
                .setAccumulationSteps(4)
                .setPrecision(Precision.PRECISION_BF16)
                .setDropout(0));

    assertThat(resolved.getLearningRate()).isEqualTo(1e-4);
    assertThat(resolved.getAdamw().getBeta1()).isEqualTo(.9);
    assertThat(resolved.getAdamw().getBeta2()).isEqualTo(.98);
    assertThat(resolved.getAdamw().getBiasCorrection()).isFalse();
    assertThat(resolved.getDropout()).isZero();
    assertThat(resolved.getOverriddenFields().getPathsList())
        .containsExactlyInAnyOrder(
            "learning_rate", "adamw.beta2", "accumulation_steps", "precision", "dropout");
  }

  @Test
  void resolve_zerosAndFalse_winToo() {
    var resolved =
        resolve(
            basedOn("paper-mnli")
                .setClipNorm(0)
                .setAdamw(AdamW.newBuilder().setWeightDecay(0).setBiasCorrection(true))
                .setWarmupFraction(0)
                .setShuffleBuffer(0)
                .setDropRemainder(false)
                .setBatchSize(16));

    assertThat(resolved.getClipNorm()).isZero();
    assertThat(resolved.getAdamw().getWeightDecay()).isZero();
    assertThat(resolved.getAdamw().getBiasCorrection()).isTrue();
    assertThat(resolved.getShuffleBuffer()).isZero();
    assertThat(resolved.getDropRemainder()).isFalse();
    assertThat(resolved.getAdamw().getEpsilon()).isEqualTo(1e-6);
    assertThat(resolved.getWarmupSteps()).isZero();
    assertThat(resolved.getOverriddenFields().getPathsList())
        .containsExactlyInAnyOrder(
            "clip_norm",
            "adamw.weight_decay",
            "adamw.bias_correction",
            "warmup_steps",
            "shuffle_buffer",
            "drop_remainder",
            "batch_size");
  }

  @Test
  void resolve_valueOfTheRecipeItself_isNoOverride() {
    var resolved =
        resolve(
            basedOn("paper-mnli")
                .setLearningRate(2e-5)
                .setEndLearningRate(0)
                .setPolynomialPower(1)
                .setMaxTokens(128)
                .setSteps(93));

    assertThat(resolved.getOverriddenFields().getPathsList()).isEmpty();
  }

  @Test
  void resolve_otherBatch_keepsEpochsAndFractionsWithoutListingThem() {
    var resolved = resolve(basedOn("paper-mnli").setBatchSize(16));

    assertThat(resolved.getSteps()).isEqualTo(187);
    assertThat(resolved.getWarmupSteps()).isEqualTo(18);
    assertThat(resolved.getOverriddenFields().getPathsList()).containsExactly("batch_size");
  }

  @Test
  void resolve_lengthAndWarmup_areOverriddenWhole() {
    var resolved = resolve(basedOn("report-qqp").setEpochs(1).setWarmupFraction(.25));

    assertThat(resolved.getSteps()).isEqualTo(32);
    assertThat(resolved.getWarmupSteps()).isEqualTo(8);
    assertThat(resolved.getOverriddenFields().getPathsList())
        .containsExactlyInAnyOrder("steps", "warmup_steps");
    assertThat(resolve(basedOn("paper-mnli").setWarmupFraction(.5)).getWarmupSteps()).isEqualTo(46);
  }

  @Test
  void resolve_probe_isMergedAddedAndTakenAway() {
    var merged =
        resolve(basedOn("lp-ft").setLinearProbe(LinearProbe.newBuilder().setLearningRate(1e-2)));
    assertThat(merged.getLinearProbe())
        .isEqualTo(LinearProbe.newBuilder().setLearningRate(1e-2).setSteps(31).build());
    assertThat(merged.getOverriddenFields().getPathsList())
        .containsExactly("linear_probe.learning_rate");

    var added =
        resolve(
            basedOn("paper-mnli")
                .setLinearProbe(LinearProbe.newBuilder().setLearningRate(1e-3).setEpochs(2)));
    assertThat(added.getLinearProbe().getSteps()).isEqualTo(62);
    assertThat(added.getOverriddenFields().getPathsList()).containsExactly("linear_probe");

    var taken = resolve(basedOn("lp-ft").setLinearProbe(LinearProbe.newBuilder().setSteps(0)));
    assertThat(taken.getLinearProbe()).isEqualTo(LinearProbe.newBuilder().setSteps(0).build());
    assertThat(taken.getOverriddenFields().getPathsList())
        .containsExactly("linear_probe.learning_rate", "linear_probe.steps");
  }

  @Test
  void resolve_shortModel_limitsTheTokensOfANamedRecipeOnly() {
    var resolved = resolve(SHORT_UNEVEN, basedOn("paper-mnli").build());
    assertThat(resolved.getMaxTokens()).isEqualTo(40);
    assertThat(resolved.getOverriddenFields().getPathsList()).isEmpty();
    // Three dropouts that differ cannot be one number.
    assertThat(resolved.hasDropout()).isFalse();

    var refused = refused(SHORT_UNEVEN, basedOn("paper-mnli").setMaxTokens(41));
    assertThat(fields(refused)).containsExactly("spec.recipe.max_tokens");
  }

  @Test
  void resolve_withoutAName_fillsInDefaults() {
    var resolved = resolve(plain());

    assertThat(resolved)
        .isEqualTo(
            plain()
                .setAdamw(
                    plain().getAdamw().toBuilder()
                        .setWeightDecay(0)
                        .setBiasCorrection(true)
                        .setDecayAllParameters(false))
                .setClipNorm(0)
                .setEndLearningRate(0)
                .setPolynomialPower(1)
                .setShuffleBuffer(0)
                .setDropRemainder(false)
                .setWarmupSteps(0)
                .setHeadInitialization(HeadInitialization.HEAD_INITIALIZATION_NORMAL)
                .setMaxTokens(128)
                .setDropout(.1)
                .setAccumulationSteps(1)
                .setPrecision(Precision.PRECISION_FP32)
                .build());
  }

  @Test
  void merge_accumulation_countsTheTokensOfOnePart() {
    // 600 examples of 128 tokens are more than 64 Ki tokens; two parts of 300 are not.
    var refused = refused(BASE, plain().setBatchSize(600));
    assertThat(reason(refused)).isEqualTo("BATCH_TOO_LARGE");
    assertThat(refused).hasMessageContaining("accumulation_steps");
    assertThat(resolve(plain().setBatchSize(600).setAccumulationSteps(2)).getBatchSize())
        .isEqualTo(600);
    // 1027 in 2 parts are 514 and 513: the larger counts.
    assertThat(
            reason(
                refused(
                    BASE, plain().setBatchSize(1025).setMaxTokens(128).setAccumulationSteps(2))))
        .isEqualTo("BATCH_TOO_LARGE");
    assertThat(resolve(plain().setBatchSize(1024).setAccumulationSteps(2)).getBatchSize())
        .isEqualTo(1024);
  }

  static Stream<Arguments> refusals() {
    return Stream.of(
        refusal("RECIPE_UNKNOWN", "based_on", basedOn("paper-mlni")),
        refusal("RECIPE_INCOMPLETE", "learning_rate", plain().clearLearningRate()),
        refusal("RECIPE_INCOMPLETE", "schedule", plain().clearSchedule()),
        refusal("RECIPE_INCOMPLETE", "length", plain().clearSteps()),
        refusal("RECIPE_INCOMPLETE", "batch_size", plain().clearBatchSize()),
        refusal("RECIPE_INCOMPLETE", "adamw", plain().clearAdamw()),
        refusal(
            "RECIPE_INCOMPLETE",
            "adamw.epsilon",
            plain().setAdamw(AdamW.newBuilder().setBeta1(0).setBeta2(0))),
        refusal(
            "RECIPE_INCOMPLETE",
            "adamw.beta2",
            plain().setAdamw(AdamW.newBuilder().setBeta1(0).setEpsilon(1e-8))),
        refusal(
            "RECIPE_INCOMPLETE",
            "linear_probe.learning_rate",
            plain().setLinearProbe(LinearProbe.newBuilder().setSteps(1))),
        refusal(
            "RECIPE_INCOMPLETE",
            "linear_probe.length",
            basedOn("paper-mnli").setLinearProbe(LinearProbe.newBuilder().setLearningRate(1))),
        refusal(
            "NO_FULL_BATCH",
            "batch_size",
            basedOn("paper-cola").setMaxTokens(8).setBatchSize(ROWS + 2)),
        refusal(
            "NO_FULL_BATCH",
            "batch_size",
            basedOn("paper-cola").setMaxTokens(8).setBatchSize(ROWS + 2).setSteps(1)),
        refusal(
            "NO_FULL_BATCH",
            "batch_size",
            basedOn("paper-mnli").setEpochs(1).setMaxTokens(8).setBatchSize(ROWS + 2)),
        refusal(
            "NO_FULL_BATCH",
            "batch_size",
            basedOn("lp-ft").setSteps(9).setMaxTokens(8).setBatchSize(ROWS + 2)),
        refusal("WARMUP_TOO_LONG", "warmup_steps", basedOn("report-qqp").setSteps(7431)),
        refusal(
            "END_LEARNING_RATE_TOO_LARGE",
            "end_learning_rate",
            basedOn("report-qqp").setEndLearningRate(1e-4)),
        refusal(
            "TOO_MANY_ACCUMULATION_STEPS",
            "accumulation_steps",
            plain().setBatchSize(4).setAccumulationSteps(5)),
        refusal(
            "TOO_MANY_STEPS",
            "linear_probe.epochs",
            plain()
                .setBatchSize(1)
                .setLinearProbe(LinearProbe.newBuilder().setLearningRate(1e-3).setEpochs(100_000))),
        refusal("TOO_MANY_STEPS", "epochs", plain().setBatchSize(1).setEpochs(100_000)));
  }

  private static Arguments refusal(String reason, String field, Recipe.Builder asked) {
    return arguments(reason, "spec.recipe." + field, asked.build());
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("refusals")
  void resolve_whatCannotBeTrained_isRefusedByField(String reason, String field, Recipe asked) {
    // 100,000 epochs of 1001 rows are just too many steps.
    var refused =
        catchThrowableOfType(RefusedException.class, () -> BASE.resolve(BASE.merge(asked), 1001));

    assertThat(reason(refused)).isEqualTo(reason);
    assertThat(fields(refused)).containsExactly(field);
  }

  @Test
  void merge_unknownName_listsTheKnownOnes() {
    assertThat(refused(BASE, basedOn("nope")))
        .hasMessageContaining("paper-mnli")
        .hasMessageContaining("report-qqp");
  }

  @Test
  void merge_nothingAtAll_namesEverythingMissingAtOnce() {
    assertThat(fields(refused(BASE, Recipe.newBuilder())))
        .containsExactly(
            "spec.recipe.adamw",
            "spec.recipe.learning_rate",
            "spec.recipe.schedule",
            "spec.recipe.length",
            "spec.recipe.batch_size");
  }

  static Stream<String> names() {
    return RecipeCatalogue.PUBLISHED.all().stream().map(NamedRecipe::getName);
  }

  /** Random overrides, zeros among them, of every recipe, for two models. */
  @ParameterizedTest
  @MethodSource("names")
  void resolve_resolvedRecipe_changesNothing(String name) {
    var random = new Random(name.hashCode());
    int resolvable = 0;
    for (int i = 0; i < 2000; i++) {
      var resolver = i % 2 == 0 ? BASE : SHORT_UNEVEN;
      var asked = randomOverrides(name, random);
      Recipe once;
      try {
        once = resolve(resolver, asked);
      } catch (RefusedException e) {
        continue;
      }
      resolvable++;
      assertThat(resolve(resolver, once)).as("%s", asked).isEqualTo(once);
      assertThat(once.getOverriddenFields())
          .as("%s", asked)
          .isEqualTo(RecipeDifferences.of(naively(resolver, name, once), once));
    }
    assertThat(resolvable).isGreaterThan(300);
  }

  /** The recipe of a name, resolved as if it had been asked for with the batch of another. */
  private static Recipe naively(RecipeResolver resolver, String name, Recipe of) {
    var named = RecipeCatalogue.PUBLISHED.get(name).getRecipe().toBuilder();
    if (named.hasEpochs()) {
      named.setSteps(naiveSteps(named.getEpochs(), of));
    }
    if (named.hasWarmupFraction()) {
      named.setWarmupSteps(
          Math.round(Math.floor(named.getWarmupFraction() * of.getSteps() + 1e-9)));
    }
    if (named.hasLinearProbe()) {
      named.getLinearProbeBuilder().setSteps(naiveSteps(named.getLinearProbe().getEpochs(), of));
    }
    int limit = resolver == BASE ? 512 : 40;
    named.setMaxTokens(Math.min(limit, named.getMaxTokens() == 0 ? 128 : named.getMaxTokens()));
    if (!named.hasDropout() && resolver == BASE) {
      named.setDropout(.1);
    }
    var adamw = named.getAdamw();
    named
        .getAdamwBuilder()
        .setWeightDecay(adamw.getWeightDecay())
        .setBiasCorrection(!(adamw.hasBiasCorrection() && !adamw.getBiasCorrection()))
        .setDecayAllParameters(adamw.getDecayAllParameters());
    named
        .setPolynomialPower(named.hasPolynomialPower() ? named.getPolynomialPower() : 1)
        .setEndLearningRate(named.getEndLearningRate())
        .setClipNorm(named.getClipNorm())
        .setShuffleBuffer(named.getShuffleBuffer())
        .setDropRemainder(named.getDropRemainder());
    if (name.startsWith("report-")) {
      named.setHeadInitialization(HeadInitialization.HEAD_INITIALIZATION_NORMAL);
    }
    return named.setAccumulationSteps(1).setPrecision(Precision.PRECISION_FP32).build();
  }

  /** Row by row. */
  private static long naiveSteps(int epochs, Recipe recipe) {
    long steps = 0;
    int waiting = 0;
    for (long row = 1; row <= (long) epochs * ROWS; row++) {
      if (++waiting == recipe.getBatchSize()) {
        steps++;
        waiting = 0;
      }
      boolean ends =
          row % ROWS == 0 && (recipe.getShuffleBuffer() == 0 || row == (long) epochs * ROWS);
      if (ends && waiting > 0) {
        steps += recipe.getDropRemainder() ? 0 : 1;
        waiting = 0;
      }
    }
    return steps;
  }

  private static Recipe randomOverrides(String name, Random random) {
    Map<String, Consumer<Recipe.Builder>> settings = new TreeMap<>();
    settings.put("adamw.beta1", recipe -> recipe.getAdamwBuilder().setBeta1(.8));
    settings.put("adamw.weight_decay", recipe -> recipe.getAdamwBuilder().setWeightDecay(.3));
    settings.put(
        "adamw.bias_correction",
        recipe -> recipe.getAdamwBuilder().setBiasCorrection(random.nextBoolean()));
    settings.put(
        "adamw.decay_all_parameters",
        recipe -> recipe.getAdamwBuilder().setDecayAllParameters(true));
    settings.put("learning_rate", recipe -> recipe.setLearningRate(1e-3));
    settings.put(
        "schedule", recipe -> recipe.setSchedule(Schedule.forNumber(1 + random.nextInt(5))));
    settings.put("warmup_steps", recipe -> recipe.setWarmupSteps(random.nextInt(20)));
    settings.put("warmup_fraction", recipe -> recipe.setWarmupFraction(random.nextDouble()));
    settings.put("steps", recipe -> recipe.setSteps(1 + random.nextInt(20_000)));
    settings.put("epochs", recipe -> recipe.setEpochs(1 + random.nextInt(300)));
    settings.put("batch_size", recipe -> recipe.setBatchSize(1 + random.nextInt(64)));
    settings.put("shuffle_buffer", recipe -> recipe.setShuffleBuffer(random.nextInt(200)));
    settings.put("drop_remainder", recipe -> recipe.setDropRemainder(random.nextBoolean()));
    settings.put(
        "head_initialization",
        recipe ->
            recipe.setHeadInitialization(HeadInitialization.forNumber(1 + random.nextInt(3))));
    settings.put("max_tokens", recipe -> recipe.setMaxTokens(1 + random.nextInt(45)));
    settings.put("clip_norm", recipe -> recipe.setClipNorm(2 * random.nextInt(2)));
    settings.put("dropout", recipe -> recipe.setDropout(random.nextBoolean() ? 0 : .3));
    settings.put("end_learning_rate", recipe -> recipe.setEndLearningRate(1e-6));
    settings.put("polynomial_power", recipe -> recipe.setPolynomialPower(2));
    settings.put("accumulation_steps", recipe -> recipe.setAccumulationSteps(2));
    settings.put("precision", recipe -> recipe.setPrecision(Precision.PRECISION_BF16));
    settings.put(
        "linear_probe",
        recipe -> recipe.getLinearProbeBuilder().setLearningRate(1e-2).setEpochs(2));
    settings.put(
        "linear_probe.steps",
        recipe -> recipe.getLinearProbeBuilder().setSteps(7 * random.nextInt(2)));

    var chosen = new ArrayList<>(settings.entrySet());
    Collections.shuffle(chosen, random);
    var asked = Recipe.newBuilder().setBasedOn(name);
    for (var setting : chosen.subList(0, random.nextInt(6))) {
      setting.getValue().accept(asked);
    }
    return asked.build();
  }

  private static RefusedException refused(RecipeResolver resolver, Recipe.Builder asked) {
    return catchThrowableOfType(
        RefusedException.class, () -> resolver.resolve(resolver.merge(asked.build()), ROWS));
  }

  private static String reason(RefusedException refused) {
    return refused.reason();
  }

  private static List<String> fields(RefusedException refused) {
    return refused.subject() instanceof RefusedException.Subject.Fields fields
        ? fields.violations().stream().map(RefusedException.Violation::subject).toList()
        : List.of();
  }
}

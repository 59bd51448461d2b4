package dev.watershed.trainer.engine;

import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.HeadInitialization;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.data.Datasets;
import dev.watershed.classifier.model.ComputePrecision;
import dev.watershed.classifier.model.Torch;
import dev.watershed.classifier.model.TrainingProgram;
import dev.watershed.classifier.model.TrainingState;
import dev.watershed.classifier.text.Masking;
import dev.watershed.input.InvalidInputException;
import dev.watershed.server.DiskSpace;
import dev.watershed.server.RefusedException;
import dev.watershed.server.dataset.ClassifierMessages;
import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TrainingProgress;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.type.v1.Precision;
import dev.watershed.type.v1.Provenance;
import dev.watershed.type.v1.SplitDescription;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains. A run's every bit follows from its spec and its seeds: weights from the head's, the batch
 * and the dropout of a step from the data seed and the step's number. So a run that was killed goes
 * on from its last saved state, on any machine of the kind, and ends as if nothing had happened.
 *
 * <p>One run at a time per process, because libtorch's random generator is the process's. So are
 * its device and threads, on which the bits depend too: the process has set them.
 */
public final class TrainingEngine {
  private static final Logger log = LoggerFactory.getLogger(TrainingEngine.class);

  /** Fixed, so that the validation losses of different runs are of the same masked tokens. */
  private static final long VALIDATION_MASKING_SEED = 0;

  private final CheckpointStore checkpoints;
  private final DataRoots roots;
  private final TrainingData data;
  private final SpecResolver resolver;
  private final Path work;
  private final DiskSpace disk;
  private final AtomicBoolean warnedOfSlowBf16 = new AtomicBoolean();

  /**
   * @param work where the states of unfinished runs are kept
   * @param disk says whether there is room for what is to be written
   */
  public TrainingEngine(
      CheckpointStore checkpoints,
      DataRoots roots,
      Datasets datasets,
      TrainingLimits limits,
      Path work,
      DiskSpace disk) {
    this.checkpoints = checkpoints;
    this.roots = roots;
    this.data = new TrainingData(datasets, roots);
    this.resolver = new SpecResolver(checkpoints, roots, data, limits);
    this.work = work;
    this.disk = disk;
  }

  /**
   * Returns what a spec comes to: every default filled in, and what it will be trained on.
   *
   * @param spec one that keeps the rules of its contract
   * @throws RefusedException naming the field that could not be trained
   * @throws InvalidInputException where what a field names cannot be used
   */
  public ResolvedSpec resolve(TrainingRunSpec spec) throws IOException {
    return resolver.resolve(spec);
  }

  /**
   * Returns the rows that a resolved spec would be trained and validated on now.
   *
   * @throws InvalidInputException where they cannot be read any more
   */
  public List<SplitDescription> splits(TrainingRunSpec spec) {
    return resolver.splits(spec);
  }

  /** Returns the files that a run of this spec would read now: its rows, and a tokenizer's. */
  public Set<Path> files(TrainingRunSpec spec) {
    var files = new HashSet<Path>();
    for (var split :
        List.of(
            spec.getClassification().getTrain(),
            spec.getClassification().getValidation(),
            spec.getMaskedLanguageModel().getTrain(),
            spec.getMaskedLanguageModel().getValidation())) {
      data.file(split).ifPresent(files::add);
    }
    if (spec.getRandom().hasTokenizerUri()) {
      try {
        files.add(roots.resolve(spec.getRandom().getTokenizerUri()));
      } catch (InvalidInputException e) {
        // It is not there, and whoever needs it is told so.
      }
    }
    return files;
  }

  /** What computes runs in this process, but for the precision, which is each run's own. */
  public Provenance provenance() {
    return ClassifierMessages.provenance(Precision.PRECISION_UNSPECIFIED);
  }

  /** Arithmetic of a run. */
  public static Precision precision(TrainingRunSpec spec) {
    return spec.getRecipe().getPrecision() == Precision.PRECISION_BF16
        ? Precision.PRECISION_BF16
        : Precision.PRECISION_FP32;
  }

  /**
   * Trains a run to its end, from its last saved state where there is one. While the store of
   * checkpoints cannot be used, it waits.
   *
   * @param id the run's id, which names its files
   * @param spec as {@link #resolve} returned it
   * @param seeds what its head, order, dropout and masking are drawn from
   * @return whether all steps are done; false where the observer stopped it
   * @throws RefusedException TRAINING_DIVERGED where the loss, the gradient or the weights are not
   *     finite
   */
  public boolean train(String id, TrainingRunSpec spec, Seeds seeds, RunObserver observer)
      throws IOException {
    return StoreWait.run(
        "Run " + id,
        StoreWait.RETRY,
        () -> observer.signal() != RunObserver.Signal.GO_ON,
        () -> attempt(id, spec, seeds, observer));
  }

  private boolean attempt(String id, TrainingRunSpec spec, Seeds seeds, RunObserver observer)
      throws IOException {
    var directory = directory(id);
    Files.createDirectories(directory.path());
    try (var start = StartingPoint.open(spec, checkpoints, roots)) {
      var architecture =
          SpecResolver.architecture(start.architecture(), spec.getClassification().getLabelsList());
      try (var program = compile(architecture, spec);
          var state = resumeOrStart(directory, spec, seeds, start, architecture);
          var validation = validation(spec, start, architecture, program)) {
        return new Attempt(
                id,
                spec,
                seeds,
                start.tokenizer(),
                start.notices(spec),
                OriginFacts.of(spec, seeds, start.step(), splits(spec)),
                program,
                state,
                TrainingBatches.of(spec, seeds, start, architecture, data),
                validation,
                checkpoints,
                directory,
                disk,
                observer,
                TrainingProgress.newBuilder())
            .run();
      }
    }
  }

  /** Returns the ids of the runs whose state is saved here. */
  public List<String> saved() {
    if (!Files.isDirectory(work)) {
      return List.of();
    }
    try (var directories = Files.list(work)) {
      return directories.map(directory -> directory.getFileName().toString()).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Deletes the saved state of a run that has ended. */
  public void forget(String id) {
    try {
      directory(id).delete();
    } catch (IOException e) {
      log.warn("Could not delete the work directory of run {}", id, e);
    }
  }

  private WorkDirectory directory(String id) {
    return new WorkDirectory(work.resolve(id));
  }

  private TrainingProgram compile(Architecture architecture, TrainingRunSpec spec) {
    var own = architecture.encoder();
    var recipe = spec.getRecipe();
    var precision =
        precision(spec) == Precision.PRECISION_BF16 ? ComputePrecision.BF16 : ComputePrecision.FP32;
    if (precision == ComputePrecision.BF16
        && !Torch.hasFastBf16()
        && warnedOfSlowBf16.compareAndSet(false, true)) {
      log.warn("This CPU has no bfloat16 instructions; bf16 runs will be slower than fp32 ones");
    }
    return recipe.hasDropout()
        ? TrainingProgram.compile(
            architecture, recipe.getDropout(), recipe.getDropout(), recipe.getDropout(), precision)
        : TrainingProgram.compile(
            architecture,
            own.hiddenDropout(),
            own.attentionDropout(),
            own.classifierDropout(),
            precision);
  }

  private static TrainingState resumeOrStart(
      WorkDirectory directory,
      TrainingRunSpec spec,
      Seeds seeds,
      StartingPoint start,
      Architecture architecture)
      throws IOException {
    Path saved = directory.stateFile();
    if (Files.exists(saved)) {
      try {
        var state = TrainingState.load(saved, ParameterLayout.of(architecture));
        log.info("{} goes on from step {}", directory.path().getFileName(), state.step());
        return state;
      } catch (InvalidInputException e) {
        // Nothing is lost but time: the same steps lead to the same bits.
        log.warn("{} cannot be used; the run begins anew", saved, e);
      }
    }
    return TrainingState.start(
        start.weights(
            architecture,
            headInitialization(spec.getRecipe().getHeadInitialization()),
            seeds.getHeadSeed(),
            spec.getNewHead()));
  }

  private static HeadInitialization headInitialization(
      dev.watershed.trainer.v1.HeadInitialization said) {
    return switch (said) {
      case HEAD_INITIALIZATION_TRUNCATED_NORMAL -> HeadInitialization.TRUNCATED_NORMAL;
      case HEAD_INITIALIZATION_LECUN_NORMAL -> HeadInitialization.LECUN_NORMAL;
      default -> HeadInitialization.NORMAL;
    };
  }

  private @Nullable Validation validation(
      TrainingRunSpec spec,
      StartingPoint start,
      Architecture architecture,
      TrainingProgram program) {
    int maxTokens = spec.getRecipe().getMaxTokens();
    if (spec.hasClassification()) {
      var objective = spec.getClassification();
      return objective.hasValidation()
          ? new ClassificationValidation(
              architecture,
              data.tokens(objective.getValidation(), start, maxTokens),
              objective.getValidation().getOnlyLabelsList())
          : null;
    }
    var objective = spec.getMaskedLanguageModel();
    return objective.hasValidation()
        ? new MaskedLanguageModelValidation(
            program,
            data.tokens(objective.getValidation(), start, maxTokens).examples(),
            new Masking(
                start.requireTokenizer(),
                objective.getMaskProbability(),
                objective.getPairMaskProbability(),
                VALIDATION_MASKING_SEED))
        : null;
  }
}

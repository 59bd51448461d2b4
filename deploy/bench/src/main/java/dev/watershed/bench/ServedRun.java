package dev.watershed.bench;

import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.cli.CommandException;
import dev.watershed.cli.ExitCode;
import dev.watershed.cli.RunFollower;
import dev.watershed.trainer.v1.AdamW;
import dev.watershed.trainer.v1.ClassificationObjective;
import dev.watershed.trainer.v1.CreateTrainingRunRequest;
import dev.watershed.trainer.v1.RandomInitialization;
import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.Schedule;
import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.trainer.v1.TrainingServiceGrpc;
import dev.watershed.trainer.v1.WatchTrainingRunRequest;
import dev.watershed.type.v1.Precision;
import io.grpc.Channel;
import java.io.IOException;

/** A training run through the service, from the queue to its checkpoint. */
public final class ServedRun {
  private static final int BATCHES = 8;

  private ServedRun() {}

  /**
   * Runs the steps of a training benchmark, in fp32.
   *
   * @return examples per second as the run's last progress says
   */
  public static double examplesPerSecond(TrainingBenchmark.Settings settings, BenchServer server)
      throws IOException {
    EncoderConfig encoder = settings.size().architecture().encoder();
    TrainingRunSpec spec =
        TrainingRunSpec.newBuilder()
            .setRandom(
                RandomInitialization.newBuilder()
                    .setFamily("bert")
                    .setTokenizerUri(server.vocabulary(encoder.vocabularySize()))
                    .setLayerCount(encoder.layerCount())
                    .setHiddenSize(encoder.hiddenSize())
                    .setAttentionHeadCount(encoder.attentionHeadCount())
                    .setIntermediateSize(encoder.intermediateSize())
                    .setMaxPositions(encoder.maxPositions())
                    .setSeed(settings.seed()))
            .setClassification(
                ClassificationObjective.newBuilder()
                    .setTrain(
                        server.split(
                            RandomSentences.ofLength(
                                settings.size(),
                                BATCHES * settings.batch(),
                                settings.tokens(),
                                settings.seed()))))
            .setRecipe(
                Recipe.newBuilder()
                    .setAdamw(
                        AdamW.newBuilder()
                            .setBeta1(.9)
                            .setBeta2(.999)
                            .setEpsilon(1e-8)
                            .setWeightDecay(.01))
                    .setLearningRate(2e-5)
                    .setSchedule(Schedule.SCHEDULE_CONSTANT)
                    .setWarmupSteps(0)
                    .setSteps(settings.steps())
                    .setBatchSize(settings.batch())
                    .setMaxTokens(settings.tokens())
                    .setClipNorm(1)
                    .setPrecision(Precision.PRECISION_FP32)
                    .setDropout(settings.dropout()))
            .build();
    return succeeded(server.channel(), spec, settings.seed()).getProgress().getExamplesPerSecond();
  }

  /**
   * Queues a run and waits until it has ended; anything but success ends the command.
   *
   * @param seed of the head and of the data
   */
  static TrainingRun succeeded(Channel channel, TrainingRunSpec spec, long seed) {
    var trainer = TrainingServiceGrpc.newBlockingStub(channel);
    TrainingRun run =
        trainer
            .createTrainingRun(
                CreateTrainingRunRequest.newBuilder()
                    .setSpec(spec)
                    .setSeeds(Seeds.newBuilder().setHeadSeed(seed).setDataSeed(seed))
                    .build())
            .getTrainingRun();
    var updates =
        trainer.watchTrainingRun(
            WatchTrainingRunRequest.newBuilder().setName(run.getName()).build());
    while (!RunFollower.ended(run.getState()) && updates.hasNext()) {
      run = updates.next().getTrainingRun();
    }
    if (run.getState() != TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED) {
      throw new CommandException(
          ExitCode.FAILED,
          run.getName()
              + " did not succeed but ended as "
              + run.getState()
              + ": "
              + run.getError().getMessage());
    }
    return run;
  }
}

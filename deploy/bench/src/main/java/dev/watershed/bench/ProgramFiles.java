package dev.watershed.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.checkpoint.Safetensors;
import dev.watershed.classifier.checkpoint.Safetensors.Content;
import dev.watershed.classifier.model.AdamWSettings;
import dev.watershed.classifier.model.ClassifierProgram;
import dev.watershed.classifier.model.GpuPrograms;
import dev.watershed.classifier.model.PreparedSample;
import dev.watershed.classifier.model.StageSettings;
import dev.watershed.classifier.model.Torch;
import dev.watershed.classifier.model.TrainingBatch;
import dev.watershed.classifier.model.TrainingProgram;
import dev.watershed.classifier.model.TrainingState;
import dev.watershed.classifier.text.EncodedExample;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The programs of a size as files, and what they should compute. */
final class ProgramFiles {
  private static final int EXAMPLES = 48;
  private static final int STEPS = 10;
  private static final int TOKEN_BUDGET = 1024;
  private static final double ALPHA = .3;
  private static final double LEARNING_RATE = 5e-4;
  private static final double CLIP_NORM = 1;
  private static final AdamWSettings ADAMW = new AdamWSettings(.9, .999, 1e-8, .01, true, false);

  private ProgramFiles() {}

  /** Writes the programs and {@code layout.json}. */
  static void write(ModelSize size, double dropout, Path directory) throws IOException {
    Architecture architecture = size.architecture();
    GpuPrograms.write(architecture, dropout, directory);
    EncoderConfig encoder = architecture.encoder();
    Map<String, Object> layout = new LinkedHashMap<>();
    layout.put("name", size.toString());
    layout.put("vocabulary", encoder.vocabularySize());
    layout.put("width", encoder.hiddenSize());
    layout.put("layers", encoder.layerCount());
    layout.put("intermediate", encoder.intermediateSize());
    layout.put("labels", architecture.labels().size());
    layout.put("dropout", dropout);
    layout.put("classifier", ParameterLayout.of(architecture).parameters());
    layout.put(
        "pretrained", ParameterLayout.of(architecture.withMaskedLanguageModelHead()).parameters());
    new ObjectMapper().writeValue(directory.resolve("layout.json").toFile(), layout);
  }

  /**
   * Writes {@code expected.safetensors}, all in fp32: examples padded with zeros, two vectors, the
   * logits of the second and of a point between them, the loss and its gradient, and losses and
   * weights of some steps of training.
   */
  static void writeExpected(ModelSize size, int threads, long seed, Path directory)
      throws IOException {
    Torch.initialize(threads);
    List<EncodedExample> examples = RandomSentences.ofMnliLengths(size, EXAMPLES, seed);
    var contents = new ArrayList<Content>();
    addExamples(examples, contents);
    try (ParameterVector a = size.weights(seed);
        ParameterVector b = size.weights(seed + 1);
        ParameterVector between = ParameterVector.allocate(a.layout())) {
      contents.add(vector("a", a));
      contents.add(vector("b", b));
      try (ClassifierProgram program = ClassifierProgram.compile(size.architecture());
          PreparedSample sample = program.prepare(examples, TOKEN_BUDGET)) {
        program.interpolate(a, b, ALPHA, between);
        contents.add(numbers("logits_a", program.logits(a, sample, () -> false)));
        contents.add(numbers("logits_between", program.logits(between, sample, () -> false)));
      }
      contents.add(vector("between", between));
      addTraining(size, a, new TrainingBatch(examples, null), contents);
      // Written while the vectors are open: their bytes are those of the file.
      Safetensors.write(directory.resolve("expected.safetensors"), metadata(), contents);
    }
  }

  private static void addTraining(
      ModelSize size, ParameterVector a, TrainingBatch batch, List<Content> contents) {
    try (TrainingProgram program = TrainingProgram.compile(size.architecture(), 0, 0, 0);
        TrainingState state = TrainingState.start(a.hostCopy())) {
      contents.add(numbers("loss", (float) program.loss(a, batch)));
      contents.add(numbers("gradient", program.gradient(a, batch)));
      var losses = new float[STEPS];
      StageSettings stage = StageSettings.ofWholeRun(ADAMW, CLIP_NORM);
      for (int i = 0; i < STEPS; i++) {
        losses[i] = (float) program.step(state, batch, stage, LEARNING_RATE, i).lossNats();
      }
      contents.add(numbers("losses", losses));
      ByteBuffer trained = state.weights().bytes();
      contents.add(
          new Content("trained", List.of(trained.remaining() / Float.BYTES), copy(trained)));
    }
  }

  private static Map<String, String> metadata() {
    return Map.of(
        "alpha",
        Double.toString(ALPHA),
        "settings", // as update of the program reads them
        Stream.of(
                LEARNING_RATE,
                ADAMW.beta1(),
                ADAMW.beta2(),
                ADAMW.epsilon(),
                CLIP_NORM,
                ADAMW.weightDecay(),
                0.)
            .map(String::valueOf)
            .collect(Collectors.joining(" ")));
  }

  private static void addExamples(List<EncodedExample> examples, List<Content> contents) {
    int n = examples.size();
    int longest = examples.stream().mapToInt(EncodedExample::length).max().orElseThrow();
    var ids = new float[n * longest];
    var types = new float[n * longest];
    var lengths = new float[n];
    var labels = new float[n];
    for (int i = 0; i < n; i++) {
      EncodedExample example = examples.get(i);
      lengths[i] = example.length();
      labels[i] = example.label();
      for (int t = 0; t < example.length(); t++) {
        ids[i * longest + t] = example.inputIds()[t];
        types[i * longest + t] = example.tokenTypeIds()[t];
      }
    }
    contents.add(numbers("ids", ids));
    contents.add(numbers("types", types));
    contents.add(numbers("lengths", lengths));
    contents.add(numbers("labels", labels));
  }

  private static Content vector(String name, ParameterVector vector) {
    return new Content(name, List.of(Math.toIntExact(vector.layout().size())), vector.bytes());
  }

  private static Content numbers(String name, float... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return new Content(name, List.of(values.length), bytes);
  }

  private static ByteBuffer copy(ByteBuffer bytes) {
    return ByteBuffer.allocate(bytes.remaining()).put(bytes.duplicate()).flip();
  }
}

package dev.watershed.analysis.study;

import dev.watershed.analysis.v1.Diagnostic;
import dev.watershed.analysis.v1.StudyModel;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.EvaluationSample;

/** Studies of {@link FakeEvaluator}'s models. */
final class TestSpecs {
  private TestSpecs() {}

  /** The models on "in-domain", and each on "diagnostic", which forms the group "strategy". */
  static StudySpec spec(String... checkpoints) {
    var spec =
        StudySpec.newBuilder()
            .setInDomain(sample("in-domain"))
            .addDiagnostics(
                Diagnostic.newBuilder().setSample(sample("diagnostic")).setGroup("strategy"));
    for (var checkpoint : checkpoints) {
      spec.addModels(StudyModel.newBuilder().setCheckpoint("checkpoints/" + checkpoint));
    }
    return spec.build();
  }

  static EvaluationSample sample(String name) {
    return EvaluationSample.newBuilder()
        .setName(name)
        .setSplit(DatasetSplit.newBuilder().setBuiltin("miniature/validation"))
        .setSize(64)
        .setSeed(1)
        .build();
  }
}

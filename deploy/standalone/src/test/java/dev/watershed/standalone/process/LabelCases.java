package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.watershed.cli.TypedCommand.Seen;
import java.util.List;
import org.assertj.core.data.Offset;

/** Cases of what labels are called, and which of them a number is of. */
final class LabelCases {
  private LabelCases() {}

  static List<Case> all() {
    return List.of(
        new Case("f1-positive-class", LabelCases::positiveClass),
        new Case("pandas-labels", LabelCases::pandasLabels),
        new Case("id2label-ints", LabelCases::labelsThatAreNumbers),
        new Case("label-mapping-advice", LabelCases::adviceOnLabels),
        new Case("label-names", LabelCases::labelNames));
  }

  private static void positiveClass(CasesUser user) throws Exception {
    user.register("f1-positive-class/Q_qqp", "q-qqp");
    String sample = "file:f1-positive-class/dup.tsv,text=t,label=l,name=dup";
    for (String given : List.of(sample, sample + ",label_names=not_duplicate|duplicate")) {
      JsonNode metrics = CasesUser.metrics(user.evaluate("q-qqp", given)).getFirst();
      assertThat(metrics.path("f1").asDouble()).isCloseTo(.571428, Offset.offset(1e-5));
      assertThat(metrics.path("positiveLabel").asText()).isEqualTo("duplicate");
    }
  }

  private static void pandasLabels(CasesUser user) throws Exception {
    user.register("f1-positive-class/Q_qqp", "q-pandas");
    String names = ",text=t,label=l,label_names=not_duplicate|duplicate";
    user.evaluate("q-pandas", "file:pandas-labels/float.csv" + names + ",name=float").ends(0);
    user.run(
            "evaluate",
            "q-pandas",
            "--average",
            "--sample",
            "file:pandas-labels/space.csv,text=t,label=l,label_names=no|yes,name=space")
        .says("blank");
  }

  private static void labelsThatAreNumbers(CasesUser user) throws Exception {
    user.register("id2label-ints/E_intnames", "e-intnames");
    user.run("checkpoints", "show", "e-intnames").ends(0).says("0", "1", "2");
  }

  private static void adviceOnLabels(CasesUser user) throws Exception {
    user.register("label-mapping-advice/E_l2i", "e-l2i");
    Seen refused =
        user.run(
            "train",
            "--initial",
            "e-l2i",
            "--train",
            "file:label-mapping-advice/xnli.tsv,text=p,pair=h,label=l",
            "--lr",
            "1e-4",
            "--steps",
            "1",
            "--seeds",
            "1");
    refused.ends(2).says("--labels");
    assertThat(refused.err()).doesNotContain("label_mapping");
  }

  private static void labelNames(CasesUser user) throws Exception {
    user.modelLike("label-names/LABEL_0.config.json", "unnamed");
    user.modelLike("label-names/named.config.json", "named");
    user.register("unnamed", "unnamed");
    user.register("named", "named");
    String sample = CasesUser.DUPLICATES + ",label_names=unacceptable|acceptable,name=dup";
    Seen refused =
        user.run("evaluate", "unnamed", "named", "--sample", CasesUser.DUPLICATES + ",name=dup");
    refused.ends(2).says("--labels 'unacceptable,acceptable'");
    user.run("checkpoints", "register", "unnamed", "given", "--labels", "unacceptable,acceptable")
        .ends(0)
        .says("LABEL_0, LABEL_1");
    assertThat(user.digest("given")).isEqualTo(user.digest("named"));
    user.run(
            "evaluate",
            "given",
            "named",
            "--sample",
            sample.replace(
                "label_names=unacceptable|acceptable",
                "map=not_duplicate:unacceptable|duplicate:acceptable"))
        .ends(0);
  }
}

package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.watershed.cli.TypedCommand.Seen;
import java.util.List;

/** Cases of what people type. */
final class TypingCases {
  private TypingCases() {}

  static List<Case> all() {
    return List.of(
        new Case("comma", TypingCases::commaInNames),
        new Case("seed-max", TypingCases::lastSeed),
        new Case("address", TypingCases::addresses));
  }

  private static void commaInNames(CasesUser user) throws Exception {
    user.register("f1-positive-class/Q_qqp", "q-comma");
    user.evaluate("q-comma", "file:comma/v1,final.tsv,text=0,label=1").ends(2).says("\\,");
    for (String columns : List.of("text=0,label=1", "text=text\\, clean,label=gold\\:label")) {
      user.evaluate("q-comma", "file:comma/v1\\,final.tsv,header=true,name=c," + columns).ends(0);
    }
  }

  private static void lastSeed(CasesUser user) throws Exception {
    user.register("f1-positive-class/Q_qqp", "q-seed");
    Seen one =
        user.run(
            "train",
            "--initial",
            "q-seed",
            "--train",
            CasesUser.DUPLICATES,
            "--lr",
            "1e-5",
            "--steps",
            "1",
            "--batch-size",
            "4",
            "--seeds",
            "9223372036854775807",
            "--json");
    one.ends(0);
    assertThat(new ObjectMapper().readTree(one.out()).path("trainingRuns")).hasSize(1);
    user.run(
            "train",
            "--initial",
            "q-seed",
            "--train",
            CasesUser.DUPLICATES,
            "--seeds",
            "9223372036854775808")
        .ends(2);
  }

  private static void addresses(CasesUser user) throws Exception {
    user.run("recipes", "--address", "127.0.0.1:99999").ends(2).says("is not host:port");
    for (String nobody : List.of("[::1]:1", "my_host:1")) {
      user.run("recipes", "--address", nobody).ends(3).says("no answer from");
    }
  }
}

package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.cli.TypedCommand.Seen;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Cases of directories of weights as they lie on disks. */
final class CheckpointCases {
  private CheckpointCases() {}

  static List<Case> all() {
    return List.of(
        new Case("prefixed-names", CheckpointCases::prefixedNames),
        new Case("tie-word-embeddings", CheckpointCases::tiedEmbeddings),
        new Case("dropped-head", CheckpointCases::droppedHead),
        new Case("stale-download", CheckpointCases::staleDownload));
  }

  private static void prefixedNames(CasesUser user) throws Exception {
    user.register("prefixed-names/C_orig", "c-orig").says("_orig_mod.");
    user.register("prefixed-names/C_module", "c-module").says("module.");
  }

  private static void tiedEmbeddings(CasesUser user) throws Exception {
    user.register("tie-word-embeddings/I_tie", "i-tie");
  }

  private static void droppedHead(CasesUser user) throws Exception {
    user.modelLike("dropped-head/config.json", "runs/seed2/checkpoint-60");
    user.run("checkpoints", "register", "runs/seed2/checkpoint-60").ends(0).says("seed2-step-60");
    String labels = "not_duplicate,duplicate";
    Seen trained =
        user.train("--initial", "seed2-step-60", "--labels", labels, "--checkpoint-at", "0");
    trained.ends(0).says("LABEL_0 is now 'not_duplicate', LABEL_1 is now 'duplicate'");
    user.register("f1-positive-class/Q_qqp", "q-head");
    assertThat(
            CasesUser.loss(
                user.evaluate(CasesUser.checkpoint(trained), CasesUser.DUPLICATES + ",name=dup")))
        .isEqualTo(CasesUser.loss(user.evaluate("q-head", CasesUser.DUPLICATES + ",name=dup")));
    user.train("--initial", "seed2-step-60", "--labels", "a,b,c").ends(2).says("say new_head");
    Seen anew =
        user.train("--initial", "q-head", "--labels", "duplicate,not_duplicate", "--new-head");
    anew.ends(0).says("head of checkpoints/q-head (not_duplicate, duplicate) was left out");
    user.run("checkpoints", "get", CasesUser.checkpoint(anew)).ends(0).says("was left out");
  }

  private static void staleDownload(CasesUser user) throws Exception {
    user.register("f1-positive-class/Q_qqp", "q-fresh");
    Path used = Files.createDirectories(user.cases().resolve("used"));
    Files.copy(
        user.cases().resolve("stale-download/tokenizer.json"), used.resolve("tokenizer.json"));
    user.run("checkpoints", "download", "q-fresh", "--out", "used").ends(2).says("tokenizer.json");
    assertThat(used).isDirectoryNotContaining("glob:**{config.json,vocab.txt}");

    CasesUser.copy(
        user.cases().resolve("f1-positive-class/Q_qqp"), user.cases().resolve("mixture"));
    Files.copy(
        user.cases().resolve("stale-download/tokenizer.json"),
        user.cases().resolve("mixture/tokenizer.json"));
    user.register("mixture", "mixture").says("vocab.txt", "tokenizer.json");
  }
}

package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.watershed.cli.TypedCommand.Seen;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.assertj.core.data.Offset;

/** Cases of what tokenises texts, and when it does so alike. */
final class TokenizerCases {
  private static final Offset<Double> ROUNDING = Offset.offset(5e-6);

  private TokenizerCases() {}

  static List<Case> all() {
    return List.of(
        new Case("tokenizer-identity", TokenizerCases::tokenizerIdentity),
        new Case("tokenizer-config-bytes", TokenizerCases::tokenizerConfigBytes),
        new Case("lowercase-config", TokenizerCases::lowercaseConfig),
        new Case("no-tokenizer-config", TokenizerCases::tokenizerConfig),
        new Case("tokenizer-abort", TokenizerCases::tokenizerAbort));
  }

  private static void tokenizerIdentity(CasesUser user) throws Exception {
    for (String pair : List.of("A_tok", "A_vc")) {
      user.register("tokenizer-identity/" + pair + "1", CasesUser.id(pair) + "1");
      user.register("tokenizer-identity/" + pair + "2", pair.replace('_', '-') + "2");
      user.run(
              "evaluate",
              CasesUser.id(pair) + "1",
              CasesUser.id(pair) + "2",
              "--alphas",
              "0,0.5,1",
              "--sample",
              "file:tokenizer-identity/up.tsv,text=text,label=label,name=up")
          .ends(0);
    }
  }

  private static void tokenizerConfigBytes(CasesUser user) throws Exception {
    var models = List.of("a", "b", "c", "d");
    for (String model : models) {
      Path directory = user.cases().resolve("bytes-" + model);
      CasesUser.copy(user.cases().resolve("f1-positive-class/Q_qqp"), directory);
      Files.copy(
          user.cases().resolve("tokenizer-config-bytes/" + model + ".json"),
          directory.resolve("tokenizer_config.json"));
      user.register("bytes-" + model, "bytes-" + model);
    }
    for (String first : models) {
      for (String second : models) {
        user.run(
                "evaluate",
                "bytes-" + first,
                "bytes-" + second,
                "--alphas",
                "0,1",
                "--sample",
                "file:f1-positive-class/dup.tsv,text=t,label=l,name=dup")
            .ends(0);
      }
    }
  }

  private static void lowercaseConfig(CasesUser user) throws Exception {
    user.register("lowercase-config/B_ref", "b-ref").ends(0);
    Seen contradicting = user.register("lowercase-config/B_tjcased", "b-tjcased");
    contradicting.says("do_lower_case");
    String sample = "file:lowercase-config/up.tsv,text=text,label=label,name=up";
    assertThat(CasesUser.loss(user.evaluate("b-tjcased", sample)))
        .isCloseTo(CasesUser.loss(user.evaluate("b-ref", sample)), ROUNDING);
  }

  private static void tokenizerConfig(CasesUser user) throws Exception {
    Seen trained =
        user.train(
            "--random",
            "bert",
            "--tokenizer",
            "stale-download/vocab.txt",
            "--layers",
            "1",
            "--hidden-size",
            "32",
            "--heads",
            "2",
            "--init-seed",
            "3");
    trained.ends(0);
    user.run("checkpoints", "download", CasesUser.checkpoint(trained), "--out", "made").ends(0);
    var json = new ObjectMapper();
    JsonNode config = json.readTree(user.cases().resolve("made/config.json").toFile());
    JsonNode tokenizer = json.readTree(user.cases().resolve("made/tokenizer_config.json").toFile());
    assertThat(tokenizer.path("model_max_length").asInt())
        .isEqualTo(config.path("max_position_embeddings").asInt())
        .isEqualTo(128);
    assertThat(tokenizer.path("tokenizer_class").asText()).isEqualTo("BertTokenizer");
    JsonNode special = json.readTree(user.cases().resolve("made/special_tokens_map.json").toFile());
    for (String role : List.of("cls", "sep", "pad", "unk", "mask")) {
      assertThat(special.path(role + "_token").asText())
          .isEqualTo("[" + role.toUpperCase(Locale.ROOT) + "]");
    }
    JsonNode fast = json.readTree(user.cases().resolve("made/tokenizer.json").toFile());
    assertThat(fast.path("model").path("type").asText()).isEqualTo("WordPiece");
    // One word of this vocabulary is a capital, so it is a cased one.
    assertThat(tokenizer.path("do_lower_case").isBoolean()).isTrue();
    assertThat(tokenizer.path("do_lower_case").asBoolean()).isFalse();
    assertThat(fast.path("model").path("vocab").size())
        .isEqualTo(config.path("vocab_size").asInt());
    assertThat(user.cases().resolve("made/vocab.txt"))
        .hasSameTextualContentAs(user.cases().resolve("stale-download/vocab.txt"));
  }

  private static void tokenizerAbort(CasesUser user) throws Exception {
    for (String component : List.of("charsmap_empty", "fixedlength_0", "regex_bomb")) {
      Path directory = user.cases().resolve("abort-" + component);
      CasesUser.copy(user.cases().resolve("attention-mask/D_nopad"), directory);
      Files.copy(
          user.cases().resolve("tokenizer-abort/tok-" + component + ".json"),
          directory.resolve("tokenizer.json"));
      user.run(
              "checkpoints",
              "register",
              "abort-" + component,
              "abort-" + component.replace('_', '-'))
          .ends(2)
          .says(
              switch (component) {
                case "charsmap_empty" -> "Precompiled";
                case "fixedlength_0" -> "FixedLength";
                default -> "Split";
              });
    }
  }
}

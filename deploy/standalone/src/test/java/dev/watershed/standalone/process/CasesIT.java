package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.watershed.standalone.command.Surroundings;
import dev.watershed.standalone.command.WatershedCommand;
import dev.watershed.standalone.terminal.Terminal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Small inputs that went wrong in use, with what is right for them, through the command line
 * against a packaged server. One server takes them all, so one that it does not survive fails those
 * after it too.
 */
@Tag("shared")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class CasesIT {
  /** A case: a folder's name, and what its user does and must see. */
  private record Case(String folder, Body body) {
    @Override
    public String toString() {
      return folder;
    }
  }

  @FunctionalInterface
  private interface Body {
    void run(CasesIT user) throws Exception;
  }

  /** What a command wrote, and how it ended. */
  private record Seen(int exit, String out, String err) {
    Seen ends(int code) {
      assertThat(exit).as("%s%s", out, err).isEqualTo(code);
      return this;
    }

    Seen says(String... parts) {
      assertThat(out + err).contains(parts);
      return this;
    }

    /** The metrics of each point that {@code evaluate --json} wrote. */
    List<JsonNode> metrics() throws IOException {
      ends(0);
      var metrics = new ArrayList<JsonNode>();
      for (String line : out.lines().toList()) {
        JsonNode point = new ObjectMapper().readTree(line).path("point").path("metrics");
        if (!point.isMissingNode()) {
          metrics.add(point);
        }
      }
      assertThat(metrics).isNotEmpty();
      return metrics;
    }

    double loss() throws IOException {
      return metrics().getFirst().path("meanLossNats").asDouble();
    }
  }

  private static final Offset<Double> ROUNDING = Offset.offset(5e-6);

  private Path cases;
  private ServerProcess server;

  @BeforeAll
  void serve(@TempDir Path temporary) throws Exception {
    String configured = System.getenv("WATERSHED_SHARED");
    Path shared = Path.of(configured == null ? "../../../shared" : configured, "cases");
    assumeTrue(Files.isDirectory(shared), () -> shared + " is absent; set WATERSHED_SHARED");
    cases = temporary.resolve("cases");
    copy(shared, cases);
    server = ServerProcess.serve(temporary.resolve("data"), cases);
  }

  @AfterAll
  void stop() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void inputThatWentWrong_isReadOrRefusedAsItShould(Case given) throws Exception {
    given.body().run(this);
    run("checkpoints", "list").ends(0); // it lives
  }

  private static Stream<Case> cases() {
    return Stream.of(
        new Case("tokenizer-identity", CasesIT::tokenizerIdentity),
        new Case("tokenizer-config-bytes", CasesIT::tokenizerConfigBytes),
        new Case("lowercase-config", CasesIT::lowercaseConfig),
        new Case("attention-mask", CasesIT::attentionMask),
        new Case("f1-positive-class", CasesIT::positiveClass),
        new Case("prefixed-names", CasesIT::prefixedNames),
        new Case("pandas-labels", CasesIT::pandasLabels),
        new Case("id2label-ints", CasesIT::labelsThatAreNumbers),
        new Case("json-messages", CasesIT::notANumber),
        new Case("bom-stdin", CasesIT::byteOrderMark),
        new Case("label-mapping-advice", CasesIT::adviceOnLabels),
        new Case("tie-word-embeddings", CasesIT::tiedEmbeddings),
        new Case("data-bombs", CasesIT::nestedFooter),
        new Case("dropped-head", CasesIT::droppedHead),
        new Case("label-names", CasesIT::labelNames),
        new Case("no-tokenizer-config", CasesIT::tokenizerConfig),
        new Case("header-as-row", CasesIT::headerAsRow),
        new Case("stale-download", CasesIT::staleDownload),
        new Case("comma", CasesIT::commaInNames),
        new Case("seed-max", CasesIT::lastSeed),
        new Case("address", CasesIT::addresses),
        new Case("tokenizer-abort", CasesIT::tokenizerAbort));
  }

  private void tokenizerIdentity() throws Exception {
    for (String pair : List.of("A_tok", "A_vc")) {
      register("tokenizer-identity/" + pair + "1", id(pair) + "1");
      register("tokenizer-identity/" + pair + "2", pair.replace('_', '-') + "2");
      run(
              "evaluate",
              id(pair) + "1",
              id(pair) + "2",
              "--alphas",
              "0,0.5,1",
              "--sample",
              "file:tokenizer-identity/up.tsv,text=text,label=label,name=up")
          .ends(0);
    }
  }

  private void tokenizerConfigBytes() throws Exception {
    var models = List.of("a", "b", "c", "d");
    for (String model : models) {
      Path directory = cases.resolve("bytes-" + model);
      copy(cases.resolve("f1-positive-class/Q_qqp"), directory);
      Files.copy(
          cases.resolve("tokenizer-config-bytes/" + model + ".json"),
          directory.resolve("tokenizer_config.json"));
      register("bytes-" + model, "bytes-" + model);
    }
    for (String first : models) {
      for (String second : models) {
        run(
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

  private void lowercaseConfig() throws Exception {
    register("lowercase-config/B_ref", "b-ref").ends(0);
    Seen contradicting = register("lowercase-config/B_tjcased", "b-tjcased");
    contradicting.says("do_lower_case");
    String sample = "file:lowercase-config/up.tsv,text=text,label=label,name=up";
    assertThat(evaluate("b-tjcased", sample).loss())
        .isCloseTo(evaluate("b-ref", sample).loss(), ROUNDING);
  }

  private void attentionMask() throws Exception {
    register("attention-mask/D_nopad", "d-nopad");
    for (String file : List.of("ids_pad.jsonl", "ids_nopad.jsonl")) {
      assertThat(evaluate("d-nopad", "file:attention-mask/" + file + ",label=l,name=ids").loss())
          .as(file)
          .isCloseTo(.72843, Offset.offset(1e-5)); // as it was written down
    }
  }

  private void positiveClass() throws Exception {
    register("f1-positive-class/Q_qqp", "q-qqp");
    String sample = "file:f1-positive-class/dup.tsv,text=t,label=l,name=dup";
    for (String given : List.of(sample, sample + ",label_names=not_duplicate|duplicate")) {
      JsonNode metrics = evaluate("q-qqp", given).metrics().getFirst();
      assertThat(metrics.path("f1").asDouble()).isCloseTo(.571428, Offset.offset(1e-5));
      assertThat(metrics.path("positiveLabel").asText()).isEqualTo("duplicate");
    }
  }

  private void prefixedNames() throws Exception {
    register("prefixed-names/C_orig", "c-orig").says("_orig_mod.");
    register("prefixed-names/C_module", "c-module").says("module.");
  }

  private void pandasLabels() throws Exception {
    register("f1-positive-class/Q_qqp", "q-pandas");
    String names = ",text=t,label=l,label_names=not_duplicate|duplicate";
    evaluate("q-pandas", "file:pandas-labels/float.csv" + names + ",name=float").ends(0);
    run(
            "evaluate",
            "q-pandas",
            "--average",
            "--sample",
            "file:pandas-labels/space.csv,text=t,label=l,label_names=no|yes,name=space")
        .says("blank");
  }

  private void labelsThatAreNumbers() throws Exception {
    register("id2label-ints/E_intnames", "e-intnames");
    run("checkpoints", "show", "e-intnames").ends(0).says("0", "1", "2");
  }

  private void notANumber() throws Exception {
    register("attention-mask/D_nopad", "d-nan");
    evaluate("d-nan", "file:json-messages/nan.jsonl,text=t,label=l,name=nan").ends(0);
  }

  private void byteOrderMark() throws Exception {
    String curve = Files.readString(cases.resolve("bom-stdin/curve.csv"));
    String distances = Files.readString(cases.resolve("bom-stdin/distances.csv"));
    assertThat(curve).startsWith("\uFEFF");
    Seen metrics = runWithInput(curve, "metrics").ends(0);
    assertThat(new ObjectMapper().readTree(metrics.out()).path("barrierHeightNats").asDouble())
        .isCloseTo(.25, Offset.offset(1e-12));
    runWithInput(distances, "cluster").ends(0);
  }

  private void adviceOnLabels() throws Exception {
    register("label-mapping-advice/E_l2i", "e-l2i");
    Seen refused =
        run(
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

  private void tiedEmbeddings() throws Exception {
    register("tie-word-embeddings/I_tie", "i-tie");
  }

  private void nestedFooter() throws Exception {
    register("attention-mask/D_nopad", "d-nest");
    run(
            "evaluate",
            "d-nest",
            "--average",
            "--sample",
            "file:data-bombs/thrift-nest.parquet,text=t,label=l,name=nest")
        .ends(2);
  }

  private void tokenizerAbort() throws Exception {
    for (String component : List.of("charsmap_empty", "fixedlength_0", "regex_bomb")) {
      Path directory = cases.resolve("abort-" + component);
      copy(cases.resolve("attention-mask/D_nopad"), directory);
      Files.copy(
          cases.resolve("tokenizer-abort/tok-" + component + ".json"),
          directory.resolve("tokenizer.json"));
      run("checkpoints", "register", "abort-" + component, "abort-" + component.replace('_', '-'))
          .ends(2)
          .says(
              switch (component) {
                case "charsmap_empty" -> "Precompiled";
                case "fixedlength_0" -> "FixedLength";
                default -> "Split";
              });
    }
  }

  private static final String DUPLICATES = "file:f1-positive-class/dup.tsv,text=t,label=l";

  private void droppedHead() throws Exception {
    modelLike("dropped-head/config.json", "runs/seed2/checkpoint-60");
    run("checkpoints", "register", "runs/seed2/checkpoint-60").ends(0).says("seed2-step-60");
    String labels = "not_duplicate,duplicate";
    Seen trained = train("--initial", "seed2-step-60", "--labels", labels, "--checkpoint-at", "0");
    trained.ends(0).says("LABEL_0 is now 'not_duplicate', LABEL_1 is now 'duplicate'");
    register("f1-positive-class/Q_qqp", "q-head");
    assertThat(evaluate(checkpoint(trained), DUPLICATES + ",name=dup").loss())
        .isEqualTo(evaluate("q-head", DUPLICATES + ",name=dup").loss());
    train("--initial", "seed2-step-60", "--labels", "a,b,c").ends(2).says("say new_head");
    Seen anew = train("--initial", "q-head", "--labels", "duplicate,not_duplicate", "--new-head");
    anew.ends(0).says("head of checkpoints/q-head (not_duplicate, duplicate) was left out");
    run("checkpoints", "get", checkpoint(anew)).ends(0).says("was left out");
  }

  private void labelNames() throws Exception {
    modelLike("label-names/LABEL_0.config.json", "unnamed");
    modelLike("label-names/named.config.json", "named");
    register("unnamed", "unnamed");
    register("named", "named");
    String sample = DUPLICATES + ",label_names=unacceptable|acceptable,name=dup";
    Seen refused = run("evaluate", "unnamed", "named", "--sample", DUPLICATES + ",name=dup");
    refused.ends(2).says("--labels 'unacceptable,acceptable'");
    run("checkpoints", "register", "unnamed", "given", "--labels", "unacceptable,acceptable")
        .ends(0)
        .says("LABEL_0, LABEL_1");
    assertThat(digest("given")).isEqualTo(digest("named"));
    run(
            "evaluate",
            "given",
            "named",
            "--sample",
            sample.replace(
                "label_names=unacceptable|acceptable",
                "map=not_duplicate:unacceptable|duplicate:acceptable"))
        .ends(0);
  }

  private void tokenizerConfig() throws Exception {
    Seen trained =
        train(
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
    run("checkpoints", "download", checkpoint(trained), "--out", "made").ends(0);
    var json = new ObjectMapper();
    JsonNode config = json.readTree(cases.resolve("made/config.json").toFile());
    JsonNode tokenizer = json.readTree(cases.resolve("made/tokenizer_config.json").toFile());
    assertThat(tokenizer.path("model_max_length").asInt())
        .isEqualTo(config.path("max_position_embeddings").asInt())
        .isEqualTo(128);
    assertThat(tokenizer.path("tokenizer_class").asText()).isEqualTo("BertTokenizer");
    JsonNode special = json.readTree(cases.resolve("made/special_tokens_map.json").toFile());
    for (String role : List.of("cls", "sep", "pad", "unk", "mask")) {
      assertThat(special.path(role + "_token").asText())
          .isEqualTo("[" + role.toUpperCase(java.util.Locale.ROOT) + "]");
    }
    JsonNode fast = json.readTree(cases.resolve("made/tokenizer.json").toFile());
    assertThat(fast.path("model").path("type").asText()).isEqualTo("WordPiece");
    // One word of this vocabulary is a capital, so it is a cased one.
    assertThat(tokenizer.path("do_lower_case").isBoolean()).isTrue();
    assertThat(tokenizer.path("do_lower_case").asBoolean()).isFalse();
    assertThat(fast.path("model").path("vocab").size())
        .isEqualTo(config.path("vocab_size").asInt());
    assertThat(cases.resolve("made/vocab.txt"))
        .hasSameTextualContentAs(cases.resolve("stale-download/vocab.txt"));
  }

  private void headerAsRow() throws Exception {
    String[] random = {
      "--random", "bert", "--tokenizer", "stale-download/vocab.txt", "--layers", "1",
      "--hidden-size", "16", "--heads", "2", "--init-seed", "1"
    };
    train("file:header-as-row/hd.tsv,text=0,label=1", random).ends(2).says("HEADER_AS_ROW");
    train("file:header-as-row/hd.tsv,text=0,label=1,header=true", random).ends(0);
  }

  private void staleDownload() throws Exception {
    register("f1-positive-class/Q_qqp", "q-fresh");
    Path used = Files.createDirectories(cases.resolve("used"));
    Files.copy(cases.resolve("stale-download/tokenizer.json"), used.resolve("tokenizer.json"));
    run("checkpoints", "download", "q-fresh", "--out", "used").ends(2).says("tokenizer.json");
    assertThat(used).isDirectoryNotContaining("glob:**{config.json,vocab.txt}");

    copy(cases.resolve("f1-positive-class/Q_qqp"), cases.resolve("mixture"));
    Files.copy(
        cases.resolve("stale-download/tokenizer.json"), cases.resolve("mixture/tokenizer.json"));
    register("mixture", "mixture").says("vocab.txt", "tokenizer.json");
  }

  private void commaInNames() throws Exception {
    register("f1-positive-class/Q_qqp", "q-comma");
    evaluate("q-comma", "file:comma/v1,final.tsv,text=0,label=1").ends(2).says("\\,");
    for (String columns : List.of("text=0,label=1", "text=text\\, clean,label=gold\\:label")) {
      evaluate("q-comma", "file:comma/v1\\,final.tsv,header=true,name=c," + columns).ends(0);
    }
  }

  private void lastSeed() throws Exception {
    register("f1-positive-class/Q_qqp", "q-seed");
    Seen one =
        run(
            "train",
            "--initial",
            "q-seed",
            "--train",
            DUPLICATES,
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
    run("train", "--initial", "q-seed", "--train", DUPLICATES, "--seeds", "9223372036854775808")
        .ends(2);
  }

  private void addresses() throws Exception {
    run("recipes", "--address", "127.0.0.1:99999").ends(2).says("is not host:port");
    for (String nobody : List.of("[::1]:1", "my_host:1")) {
      run("recipes", "--address", nobody).ends(3).says("no answer from");
    }
  }

  /** A directory of Q_qqp's weights with a configuration of the same kind as a case's. */
  private void modelLike(String config, String directory) throws Exception {
    Path to = cases.resolve(directory);
    Files.createDirectories(to.getParent());
    copy(cases.resolve("f1-positive-class/Q_qqp"), to);
    var json = new ObjectMapper();
    var wanted = (ObjectNode) json.readTree(cases.resolve(config).toFile());
    JsonNode sizes = json.readTree(to.resolve("config.json").toFile());
    for (String size :
        List.of(
            "vocab_size",
            "hidden_size",
            "num_hidden_layers",
            "num_attention_heads",
            "intermediate_size",
            "max_position_embeddings")) {
      wanted.set(size, sizes.get(size));
    }
    Files.writeString(to.resolve("config.json"), wanted.toString());
  }

  private Seen train(String... options) throws Exception {
    return train(DUPLICATES, options);
  }

  /** One step of a run of its own, to its end, as JSON. */
  private Seen train(String data, String[] options) throws Exception {
    var words = new ArrayList<>(List.of("train", "--train", data, "--wait", "--json", "--again"));
    words.addAll(List.of("--lr", "1e-5", "--steps", "1", "--batch-size", "4", "--seeds", "1"));
    words.addAll(List.of(options));
    return run(words.toArray(String[]::new));
  }

  /** The first checkpoint of the run that a command made. */
  private static String checkpoint(Seen trained) throws IOException {
    JsonNode run = new ObjectMapper().readTree(trained.ends(0).out()).path("trainingRuns").get(0);
    String name = run.path("checkpoints").get(0).asText();
    return name.substring(name.indexOf('/') + 1);
  }

  private String digest(String id) throws Exception {
    Seen seen = run("checkpoints", "get", id, "--json").ends(0);
    return new ObjectMapper().readTree(seen.out()).path("digest").path("sha256").asText();
  }

  private static String id(String folder) {
    return folder.replace('_', '-').toLowerCase(java.util.Locale.ROOT);
  }

  private Seen register(String directory, String id) throws Exception {
    return run("checkpoints", "register", directory, id(id)).ends(0);
  }

  private Seen evaluate(String model, String sample) throws Exception {
    return run("evaluate", model, "--average", "--json", "--sample", sample);
  }

  private Seen run(String... arguments) throws Exception {
    return runWithInput("", arguments);
  }

  private Seen runWithInput(String input, String... arguments) throws Exception {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    var terminal =
        new Terminal(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false,
            false,
            false,
            true,
            100);
    Surroundings real = Surroundings.ofProcess();
    var surroundings =
        new Surroundings(
            terminal,
            new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
            Map.of("WATERSHED_ADDRESS", server.address()),
            cases,
            real.channels(),
            real.localMetrics());
    int exit = WatershedCommand.run(surroundings, arguments);
    return new Seen(
        exit, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.walkFileTree(
        from,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
              throws IOException {
            Files.createDirectories(to.resolve(from.relativize(directory)));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.copy(file, to.resolve(from.relativize(file)));
            return FileVisitResult.CONTINUE;
          }
        });
  }
}

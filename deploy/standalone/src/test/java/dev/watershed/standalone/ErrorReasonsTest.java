package dev.watershed.standalone;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import io.grpc.Status;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.StringEntry;
import java.lang.classfile.constantpool.Utf8Entry;
import java.lang.reflect.AccessFlag;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The reasons of errors are those of the contracts. They are found in the compiled code: every text
 * in it that is written like a reason is one, or stands below with what else it is. A single word
 * in capitals is written like a reason where refusals are known of.
 */
final class ErrorReasonsTest {
  private static final String PREFIX = "ERROR_REASON_";
  private static final Pattern REASON = Pattern.compile("[A-Z][A-Z0-9]*(_[A-Z0-9]+)+");

  private static final Pattern WORD = Pattern.compile("[A-Z][A-Z0-9]+");

  /** A class that throws, takes or returns what carries a reason names it so. */
  private static final Pattern CARRIER =
      Pattern.compile(
          ".*dev/watershed/(server/RefusedException|classifier/InvalidInputException).*");

  /** A text put together at run time, whose first part could begin a reason. */
  private static final Pattern PUT_TOGETHER = Pattern.compile("([A-Z][A-Z0-9_]*_)\u0001.*");

  private static final Set<String> BEGINNINGS_OF_OTHERS =
      Set.of("LABEL_", "ALPHA_PROTOCOL_", "STUDY_STATE_", "TRAINING_RUN_STATE_");

  /** Written like reasons, and none that a server answers. */
  private static final Map<String, Pattern> OTHERS =
      Map.of(
          "variables of the environment",
          Pattern.compile(
              "WATERSHED_.*|NO_COLOR|DJL_.*|ENGINE_.*|OPT_OUT_.*|PYTORCH_.*|RUST_.*|TORCH_.*|ATEN_.*|DNNL_.*|ONEDNN_.*|MKL_.*"),
          "a state of Hugging Face's Trainer that cannot be read: becomes a notice",
          Pattern.compile("TRAINER_STATE_INVALID"),
          "types of tensors",
          Pattern.compile("F8_E4M3|F8_E5M2|BF16|BOOL|[FIU](8|16|32|64)"),
          "what formats of files call their parts",
          Pattern.compile("BPE|NFK?[CD]|PAR1"),
          "tasks",
          Pattern.compile("HANS|MNLI|QQP"),
          "said by the command line when no server answers",
          Pattern.compile("SERVER_UNREACHABLE"),
          "a saved state that cannot be used: the run begins anew, and nobody is told",
          Pattern.compile("STATE_(MISSING|MISMATCH|CORRUPT)"));

  /** What fills in a program of libtorch calls its gaps so. */
  private static final Set<String> FILLED_IN =
      Set.of("dev.watershed.classifier.model.ProgramSource");

  private static final List<EnumDescriptor> SERVICES =
      List.of(
          dev.watershed.trainer.v1.ErrorReason.getDescriptor(),
          dev.watershed.eval.v1.ErrorReason.getDescriptor(),
          dev.watershed.analysis.v1.ErrorReason.getDescriptor());

  private static final EnumDescriptor SHARED = dev.watershed.type.v1.ErrorReason.getDescriptor();

  /** Smaller numbers can be the answer to any call. */
  private static final int DATA = 100;

  private static final Path CONTRACTS = Path.of("../../proto");

  @Test
  void code_writtenLikeReason_isInContracts() {
    var unknown = new TreeMap<>(textsInCode());
    unknown.keySet().removeAll(allReasons());
    unknown.keySet().removeIf(ErrorReasonsTest::isOther);
    unknown.values().removeIf(FILLED_IN::containsAll);

    assertThat(unknown).as("reasons that no ErrorReason has, by class").isEmpty();
  }

  @Test
  void contracts_everyReason_isInCode() {
    var unused = new TreeSet<>(allReasons());
    unused.removeAll(textsInCode().keySet());

    assertThat(unused).as("reasons that nothing says").isEmpty();
  }

  @Test
  void rpcs_reasonsAndCodesNamed_exist() throws IOException {
    var known = allReasons();
    Arrays.stream(Status.Code.values()).map(Enum::name).forEach(known::add);
    var strangers = new TreeMap<String, Set<String>>();
    for (var rpc : comments().entrySet()) {
      var words = words(rpc.getValue());
      words.removeAll(known);
      if (!words.isEmpty()) {
        strangers.put(rpc.getKey(), words);
      }
    }

    assertThat(strangers).isEmpty();
  }

  @Test
  void services_everyReasonOfTheirOwn_isNamedAtAnRpc() throws IOException {
    var comments = comments();
    for (var reasons : SERVICES) {
      String own =
          comments.entrySet().stream()
              .filter(rpc -> rpc.getKey().startsWith(reasons.getFile().getPackage() + "."))
              .map(Map.Entry::getValue)
              .collect(joining("\n"));

      assertThat(words(own)).containsAll(names(reasons.getValues().stream()));
    }
  }

  @Test
  void readme_table_hasTheReasonsOfEveryCall() throws IOException {
    var table =
        Pattern.compile("(?m)^\\| `([A-Z_0-9]+)` \\| ([A-Z_]+) \\|")
            .matcher(Files.readString(CONTRACTS.resolve("README.md")))
            .results()
            .toList();

    assertThat(table.stream().map(row -> row.group(1)))
        .containsExactlyInAnyOrderElementsOf(
            names(SHARED.getValues().stream().filter(value -> value.getNumber() < DATA)));
    assertThat(table.stream().map(row -> row.group(2)))
        .isSubsetOf(Arrays.stream(Status.Code.values()).map(Enum::name).toList());
  }

  /** The names of values as they are sent; the value zero is not. */
  private static Set<String> names(Stream<EnumValueDescriptor> values) {
    var names = new TreeSet<String>();
    values
        .filter(value -> value.getNumber() != 0)
        .forEach(value -> names.add(value.getName().substring(PREFIX.length())));
    return names;
  }

  private static Set<String> allReasons() {
    return names(
        Stream.concat(SERVICES.stream(), Stream.of(SHARED))
            .flatMap(reasons -> reasons.getValues().stream()));
  }

  private static boolean isOther(String text) {
    return OTHERS.values().stream().anyMatch(other -> other.matcher(text).matches());
  }

  /** Every text written like a reason, or put together like one, and the classes it stands in. */
  private static Map<String, Set<String>> textsInCode() {
    var found = new TreeMap<String, Set<String>>();
    var classes =
        new ClassFileImporter()
            .withImportOption(new DoNotIncludeTests())
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("dev.watershed");
    for (var one : classes) {
      if (!one.getPackageName().endsWith(".v1")) {
        for (var text : texts(one)) {
          found.computeIfAbsent(text, t -> new TreeSet<>()).add(one.getName());
        }
      }
    }
    return found;
  }

  private static List<String> texts(JavaClass one) {
    try (var in = one.getSource().orElseThrow().getUri().toURL().openStream()) {
      var code = ClassFile.of().parse(in.readAllBytes());
      var constants = new HashSet<String>();
      for (var field : code.fields()) {
        if (field.flags().has(AccessFlag.ENUM)) {
          constants.add(field.fieldName().stringValue());
        }
      }
      boolean refuses = false;
      for (var entry : code.constantPool()) {
        refuses |= entry instanceof Utf8Entry name && CARRIER.matcher(name.stringValue()).matches();
      }
      var texts = new ArrayList<String>();
      for (var entry : code.constantPool()) {
        if (entry instanceof StringEntry string) {
          String text = string.stringValue();
          var together = PUT_TOGETHER.matcher(text);
          boolean written =
              REASON.matcher(text).matches() || (refuses && WORD.matcher(text).matches());
          if (written && !constants.contains(text)) {
            texts.add(text);
          } else if (together.matches() && !BEGINNINGS_OF_OTHERS.contains(together.group(1))) {
            texts.add(together.group(1));
          }
        }
      }
      return texts;
    } catch (IOException e) {
      throw new AssertionError("cannot read " + one.getName(), e);
    }
  }

  private static Set<String> words(String comment) {
    var words = new TreeSet<String>();
    REASON.matcher(comment).results().map(MatchResult::group).forEach(words::add);
    return words;
  }

  /** The comment above every rpc, by the rpc's full name. */
  private static Map<String, String> comments() throws IOException {
    var comments = new TreeMap<String, String>();
    try (var files = Files.walk(CONTRACTS.resolve("src/main/protobuf"))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".proto")).toList()) {
        String scope = "";
        var comment = new StringBuilder();
        for (String line : Files.readAllLines(file)) {
          String said = line.strip();
          if (said.startsWith("package ")) {
            scope = said.substring("package ".length()).replace(";", "");
          } else if (said.startsWith("rpc ")) {
            comments.put(
                scope + "." + said.substring("rpc ".length(), said.indexOf('(')),
                comment.toString());
          }
          if (said.startsWith("//")) {
            comment.append(said.substring(2)).append('\n');
          } else {
            comment.setLength(0);
          }
        }
      }
    }
    assertThat(comments).hasSizeGreaterThan(20);
    return comments;
  }
}

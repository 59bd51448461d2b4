package dev.watershed.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import build.buf.validate.FieldRules;
import build.buf.validate.StringRules;
import build.buf.validate.ValidateProto;
import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.watershed.input.CheckpointName;
import dev.watershed.input.StudyName;
import dev.watershed.input.TrainingRunName;
import dev.watershed.type.v1.NameProto;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Texts in requests that stand in terminals and reports hold nothing that these would obey. */
final class NameRulesTest {
  /** Texts that are no names, and why they need no rule about characters. */
  private static final Map<String, String> FREE =
      Map.ofEntries(
          Map.entry("RegisterCheckpointRequest.uri", "a path, which is what it is"),
          Map.entry("RegisterCheckpointRequest.tokenizer_uri", "a path"),
          Map.entry("RandomInitialization.tokenizer_uri", "a path"),
          Map.entry("TaskSplit.uri", "a path"),
          Map.entry("FileSplit.uri", "a path"),
          Map.entry("FileSplit.text_column", "a column as a file of others calls it"),
          Map.entry("FileSplit.text_pair_column", "a column"),
          Map.entry("FileSplit.label_column", "a column"),
          Map.entry("ColumnFilter.column", "a column"),
          Map.entry("ColumnFilter.values", "data"),
          Map.entry("FieldMask.paths", "must be one of the fields of a recipe"));

  /** Tokens of ours, which are refused unless they are read back. */
  private static final String PAGE_TOKEN = ".page_token";

  /** Both take a second to make, and no test changes them. */
  private static final ValidationInterceptor VALIDATION = new ValidationInterceptor();

  private static final List<FieldDescriptor> TEXTS = texts();

  @Test
  void requests_everyText_isConstrainedOrFreeForAReason() {
    var unconstrained = new TreeMap<String, FieldDescriptor>();
    for (var field : TEXTS) {
      var rules = rules(field);
      if (!rules.hasPattern() && rules.getInCount() == 0 && !isName(rules)) {
        unconstrained.put(called(field), field);
      }
    }
    unconstrained.keySet().removeIf(name -> name.endsWith(PAGE_TOKEN));

    assertThat(unconstrained).containsOnlyKeys(FREE.keySet());
  }

  /** One of a kind is called by the same rule everywhere, which is that of its type. */
  @ParameterizedTest
  @CsvSource({
    CheckpointName.COLLECTION + ", '" + CheckpointName.ID_FORM + "'",
    StudyName.COLLECTION + ", '" + StudyName.ID_FORM + "'",
    TrainingRunName.COLLECTION + ", '" + TrainingRunName.ID_FORM + "'"
  })
  void names_ofResources_haveTheRuleOfTheirType(String collection, String form) {
    var whole = collection + form;
    var named =
        TEXTS.stream()
            .map(NameRulesTest::rules)
            .map(StringRules::getPattern)
            .filter(pattern -> pattern.contains(collection))
            .toList();
    assertThat(named)
        .isNotEmpty()
        .allMatch(
            pattern -> pattern.equals("^" + whole + "$") || pattern.equals("^(" + whole + ")?$"));
  }

  @ParameterizedTest
  @CsvSource({
    "a\u0000b, U+0000",
    "a\u001b[31mb, U+001B",
    "a\u007fb, U+007F",
    "a\u0085b, U+0085",
    "a\u200fb, U+200F",
    "a\u202eb, U+202E",
    "a\u2066b, U+2066",
    "a\ufeffb, U+FEFF",
    "a\u2028b, U+2028",
    "a\ufffdb, U+FFFD",
  })
  void names_withWhatIsNotSeen_areRefusedSayingWhich(String bad, String escaped)
      throws InvalidProtocolBufferException {
    for (var field : names()) {
      assertThat(violations(field, bad))
          .as(called(field))
          .anyMatch(
              violation -> violation.contains("direction-changing") && violation.contains(escaped));
    }
  }

  @ParameterizedTest
  @CsvSource({"' '", "'\u00a0\u3000'"})
  void names_blank_areRefused(String blank) throws InvalidProtocolBufferException {
    for (var field : names()) {
      assertThat(violations(field, blank))
          .as(called(field))
          .anyMatch(violation -> violation.contains("must not be blank"));
    }
  }

  @Test
  void names_ofAnyScript_areAccepted() throws InvalidProtocolBufferException {
    for (var field : names()) {
      assertThat(violations(field, "Étude 模型 नमस्ते نمی\u200Cخواهم \uD83D\uDE00 (2)"))
          .as(called(field))
          .isEmpty();
    }
  }

  private static List<FieldDescriptor> names() {
    var names = TEXTS.stream().filter(field -> isName(rules(field))).toList();
    assertThat(names.stream().map(NameRulesTest::called))
        .contains(
            "StudyModel.label", "EvaluationSample.positive_label", "TrainingRunSpec.display_name");
    return names;
  }

  /** What the server says of this field where a message holds the text in it and nothing else. */
  private List<String> violations(FieldDescriptor field, String text)
      throws InvalidProtocolBufferException {
    var message = DynamicMessage.newBuilder(field.getContainingType());
    message.setField(field, field.isRepeated() ? List.of(text) : text);
    var refused =
        catchThrowableOfType(RefusedException.class, () -> VALIDATION.validate(message.build()));
    var said = new ArrayList<String>();
    if (refused != null) {
      for (Any detail : RefusalStatus.of(refused).getDetailsList()) {
        if (detail.is(BadRequest.class)) {
          for (var violation : detail.unpack(BadRequest.class).getFieldViolationsList()) {
            if (violation.getField().replace("[0]", "").equals(field.getName())) {
              said.add(violation.getDescription());
            }
          }
        }
      }
    }
    return said;
  }

  private static String called(FieldDescriptor field) {
    return field.getContainingType().getName() + "." + field.getName();
  }

  private static boolean isName(StringRules rules) {
    return rules.getExtension(NameProto.name);
  }

  private static StringRules rules(FieldDescriptor field) {
    FieldRules rules = field.getOptions().getExtension(ValidateProto.field);
    return field.isRepeated() ? rules.getRepeated().getItems().getString() : rules.getString();
  }

  /** Every text that a request can hold, of all services there are. */
  private static List<FieldDescriptor> texts() {
    Set<Descriptor> messages = new LinkedHashSet<>();
    for (var file : contracts()) {
      for (var service : file.getServices()) {
        for (var method : service.getMethods()) {
          collect(method.getInputType(), messages);
        }
      }
    }
    assertThat(messages).hasSizeGreaterThan(30);
    return messages.stream()
        .flatMap(message -> message.getFields().stream())
        .filter(field -> field.getJavaType() == FieldDescriptor.JavaType.STRING)
        .toList();
  }

  private static void collect(Descriptor message, Set<Descriptor> messages) {
    if (messages.add(message)) {
      for (var field : message.getFields()) {
        if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
          collect(field.getMessageType(), messages);
        }
      }
    }
  }

  /** The files of the contracts, found by the classes made of them. */
  private static List<FileDescriptor> contracts() {
    var files = new ArrayList<FileDescriptor>();
    var packages = new TreeSet<String>();
    for (var one : new ClassFileImporter().importPackages("dev.watershed")) {
      if (one.getPackageName().endsWith(".v1") && one.getSimpleName().endsWith("Proto")) {
        try {
          files.add((FileDescriptor) one.reflect().getMethod("getDescriptor").invoke(null));
          packages.add(one.getPackageName());
        } catch (ReflectiveOperationException e) {
          throw new AssertionError(one.getName() + " describes no file", e);
        }
      }
    }
    assertThat(packages).hasSize(5);
    return files;
  }
}

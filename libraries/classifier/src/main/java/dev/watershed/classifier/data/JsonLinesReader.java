package dev.watershed.classifier.data;

import static dev.watershed.input.InvalidInputException.invalid;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import dev.watershed.input.UntrustedJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Reads one JSON object a line: texts, or tokens made elsewhere. */
final class JsonLinesReader {
  private static final String INPUT_IDS = "input_ids";
  private static final String TOKEN_TYPE_IDS = "token_type_ids";
  private static final String ATTENTION_MASK = "attention_mask";
  private static final String POSITION_IDS = "position_ids";
  private static final ObjectReader JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                  .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                  .build())
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .readerFor(JsonNode.class);

  private final FileReading reading;
  private final FileSplit split;
  private final DatasetBuilder dataset;

  JsonLinesReader(FileReading reading, DatasetBuilder dataset) {
    this.reading = reading;
    this.split = reading.columns();
    if (split.textColumn().isEmpty() && !split.textPairColumn().isEmpty()) {
      throw invalid(
          "COLUMN_MISSING", "text_column", "a text_pair_column needs a text_column before it");
    }
    this.dataset = dataset;
  }

  /** Returns the names of the values in one line. */
  static List<String> names(String line) throws IOException {
    return names(parse(line, 1));
  }

  private static List<String> names(ObjectNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  void read(TextFile file) throws IOException {
    try (BufferedReader lines = new BufferedReader(file)) {
      long line = 1;
      for (String text = next(lines, line);
          text != null && !dataset.isFull();
          text = next(lines, line)) {
        file.startRow();
        if (!text.isBlank()) {
          dataset.countRow();
          ObjectNode object = parse(text, line);
          Row row = row(object, line);
          if (passes(object, line)) {
            dataset.add(row);
          }
        }
        line++;
      }
    }
  }

  private static @Nullable String next(BufferedReader lines, long line) throws IOException {
    try {
      return lines.readLine();
    } catch (IOException e) {
      throw MalformedFile.at(line, e);
    }
  }

  private static ObjectNode parse(String text, long line) throws IOException {
    try {
      JsonNode node = JSON.readTree(text);
      if (node instanceof ObjectNode object) {
        return object;
      }
    } catch (JsonProcessingException e) {
      if (!text.stripLeading().startsWith("[")) {
        throw invalid(
            "ROW_MALFORMED",
            "uri",
            String.format(Locale.ROOT, "line %d: %s", line, problem(text, e)));
      }
    }
    throw invalid(
        "ROW_MALFORMED",
        "uri",
        text.stripLeading().startsWith("[")
            ? String.format(
                Locale.ROOT,
                "line %d begins a list; JSON Lines is one object a line, without brackets and commas around them (jq -c '.[]' makes it)",
                line)
            : String.format(Locale.ROOT, "line %d is no JSON object", line));
  }

  /** Tells in our words what the parser found. */
  private static String problem(String text, JsonProcessingException e) {
    if (e instanceof StreamConstraintsException) {
      return "it nests too deep, or holds too long a number or name";
    }
    if (UntrustedJson.isNameTwice(e)) {
      return "a key occurs twice";
    }
    long column = e.getLocation() == null ? 0 : e.getLocation().getColumnNr();
    int from = (int) Math.max(0, Math.min(text.length(), column) - 20);
    return String.format(
        Locale.ROOT,
        "it is no whole JSON object, which each line must be; what cannot be read is near character %d: '%s'",
        column,
        Quoted.of(text.substring(from, Math.min(text.length(), from + 40))));
  }

  private Row row(ObjectNode object, long line) {
    int label = split.labelColumn().isEmpty() ? -1 : label(object, line);
    if (!split.textColumn().isEmpty()) {
      return new Row.TextRow(
          text(object, split.textColumn(), "text_column", line),
          split.textPairColumn().isEmpty()
              ? null
              : text(object, split.textPairColumn(), "text_pair_column", line),
          label);
    }
    int[] ids = integers(field(object, INPUT_IDS, "text_column", line), INPUT_IDS, line);
    int[] types =
        object.has(TOKEN_TYPE_IDS)
            ? integers(object.get(TOKEN_TYPE_IDS), TOKEN_TYPE_IDS, line)
            : new int[ids.length];
    if (ids.length == 0 || types.length != ids.length) {
      throw invalid(
          "ROW_MALFORMED",
          "uri",
          String.format(
              Locale.ROOT,
              "line %d has %d input_ids and %d token_type_ids; there must be as many, at least one",
              line,
              ids.length,
              types.length));
    }
    int length = object.has(ATTENTION_MASK) ? maskedLength(object, ids.length, line) : ids.length;
    if (object.has(POSITION_IDS)) {
      requirePlainPositions(object, ids.length, length, line);
    }
    return new Row.TokenRow(
        Arrays.copyOf(ids, length),
        Arrays.copyOf(types, length),
        object.has(ATTENTION_MASK),
        label);
  }

  /** Returns how many tokens the mask leaves: those behind are padding. */
  private static int maskedLength(ObjectNode object, int count, long line) {
    int[] mask = integers(object.get(ATTENTION_MASK), ATTENTION_MASK, line);
    int length = 0;
    while (length < mask.length && mask[length] == 1) {
      length++;
    }
    boolean padded = Arrays.stream(mask, length, mask.length).allMatch(value -> value == 0);
    if (mask.length != count || length == 0 || !padded) {
      throw malformed(
          line,
          "attention_mask",
          mask.length != count
              ? String.format(
                  Locale.ROOT,
                  "has %d values for %d input_ids; there must be as many",
                  mask.length,
                  count)
              : "must be ones, at least one, then zeros for the padding; other masks are not supported");
    }
    return length;
  }

  /** Positions are those of the family, counted from the first token. */
  private static void requirePlainPositions(ObjectNode object, int count, int length, long line) {
    int[] positions = integers(object.get(POSITION_IDS), POSITION_IDS, line);
    boolean plain =
        positions.length == count
            && IntStream.range(0, length).allMatch(place -> positions[place] == place);
    if (!plain) {
      throw malformed(
          line,
          POSITION_IDS,
          "must be 0, 1, 2, ... as many as input_ids; leave them out to have just these");
    }
  }

  private static InvalidInputException malformed(long line, String name, String problem) {
    return invalid(
        "ROW_MALFORMED",
        "text_column",
        String.format(Locale.ROOT, "line %d: %s %s", line, name, problem));
  }

  private boolean passes(ObjectNode object, long line) {
    for (int i = 0; i < reading.filters().size(); i++) {
      String column = reading.filterColumns().get(i);
      String parameter = String.format(Locale.ROOT, "filters[%d].column", i);
      JsonNode value = field(object, column, parameter, line);
      if (!value.isValueNode()) {
        throw wrongType(column, "a text, a number or true or false", value, parameter, line);
      }
      if (!dataset.passes(i, value.asText())) {
        return false;
      }
    }
    return true;
  }

  private int label(ObjectNode object, long line) {
    JsonNode value = field(object, split.labelColumn(), "label_column", line);
    boolean whole = value.isNumber() && value.asText().matches("-?[0-9]{1,9}(\\.0+)?");
    if (!value.isTextual() && !value.isBoolean() && !whole) {
      throw wrongType(split.labelColumn(), "a name or an integer", value, "label_column", line);
    }
    return dataset.labels().index(value.asText(), line);
  }

  private static String text(ObjectNode object, String name, String parameter, long line) {
    JsonNode value = field(object, name, parameter, line);
    if (!value.isTextual()) {
      throw wrongType(name, "a text", value, parameter, line);
    }
    return value.textValue();
  }

  private static int[] integers(JsonNode array, String name, long line) {
    if (!array.isArray()) {
      throw wrongType(name, "a list of integers from 0", array, "text_column", line);
    }
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      JsonNode value = array.get(i);
      if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 0) {
        throw wrongType(name, "a list of integers from 0", value, "text_column", line);
      }
      values[i] = value.intValue();
    }
    return values;
  }

  private static JsonNode field(ObjectNode object, String name, String parameter, long line) {
    JsonNode value = object.get(name);
    if (value == null) {
      throw invalid(
          "COLUMN_MISSING",
          parameter,
          String.format(
              Locale.ROOT,
              "line %d has no '%s'; it has %s",
              line,
              Quoted.of(name),
              FileColumns.shown(names(object))));
    }
    return value;
  }

  private static InvalidInputException wrongType(
      String name, String wanted, JsonNode value, String parameter, long line) {
    String shown = value.toString();
    return invalid(
        "ROW_MALFORMED",
        parameter,
        String.format(
            Locale.ROOT,
            "line %d, '%s' must be %s, got %s",
            line,
            Quoted.of(name),
            wanted,
            Quoted.of(shown.substring(0, Math.min(60, shown.length())))));
  }
}

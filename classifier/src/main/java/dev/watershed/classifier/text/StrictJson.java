package dev.watershed.classifier.text;

import static dev.watershed.classifier.InvalidInputException.invalid;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.watershed.classifier.Quoted;
import java.io.IOException;
import java.util.Locale;

/** Reads the JSON files of a tokenizer, of bounded depth and size, with no key twice. */
final class StrictJson {
  private static final int MAX_DEPTH = 32;
  private static final int MAX_TEXT = 1 << 20;
  private static final int MAX_NUMBER = 100;

  /** A vocabulary and merges as pairs, each of as many tokens as there may be, and a rest. */
  private static final int MAX_VALUES = 8 << 20;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxStringLength(MAX_TEXT)
                          .maxNameLength(MAX_TEXT)
                          .maxNumberLength(MAX_NUMBER)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  // Names of a vocabulary are no field names that come again and again.
                  .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                  .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private StrictJson() {}

  /** Reads one object; {@code name} is the file's, for errors. */
  static ObjectNode readObject(String name, byte[] bytes) {
    try {
      refuseTooMany(name, bytes);
      if (MAPPER.readTree(bytes) instanceof ObjectNode object) {
        return object;
      }
      throw invalid("TOKENIZER_INVALID", "tokenizer", name + " is no JSON object");
    } catch (JsonProcessingException e) {
      throw invalid(
          "TOKENIZER_INVALID",
          "tokenizer",
          String.format(
              Locale.ROOT,
              "%s cannot be read as JSON: %s%s",
              name,
              Quoted.of(String.valueOf(e.getOriginalMessage())),
              e.getLocation() == null
                  ? ""
                  : String.format(
                      Locale.ROOT,
                      " (line %d, column %d)",
                      e.getLocation().getLineNr(),
                      e.getLocation().getColumnNr())));
    } catch (IOException e) {
      throw invalid("TOKENIZER_INVALID", "tokenizer", name + " is not in UTF-8");
    }
  }

  /** Counts before a tree is made: one of empty arrays takes twenty times what its text does. */
  private static void refuseTooMany(String name, byte[] bytes) throws IOException {
    int values = 0;
    try (JsonParser parser = MAPPER.createParser(bytes)) {
      while (parser.nextToken() != null) {
        if (++values > MAX_VALUES) {
          throw invalid(
              "TOKENIZER_INVALID",
              "tokenizer",
              String.format(Locale.ROOT, "%s has more than %d names and values", name, MAX_VALUES));
        }
      }
    }
  }
}

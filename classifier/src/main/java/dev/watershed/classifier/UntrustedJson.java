package dev.watershed.classifier;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.function.Function;

/**
 * JSON from outside. Nesting, names, numbers and keys given twice are refused while it is read, in
 * words of our own; how many bytes there are is for the caller to check before.
 */
public final class UntrustedJson {
  /** How deep objects and arrays may lie in each other. */
  public static final int MAX_DEPTH = 64;

  private static final int MAX_NAME_CHARACTERS = 500;
  private static final int MAX_NUMBER_CHARACTERS = 100;

  private static final JsonMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxNameLength(MAX_NAME_CHARACTERS)
                          .maxNumberLength(MAX_NUMBER_CHARACTERS)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  // A table of names that outlives the file would be filled by whoever sends many.
                  .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private UntrustedJson() {}

  /** Reads piece by piece what a whole tree would be too large for. */
  @FunctionalInterface
  public interface Reading<T> {
    /** Reads from before the first token to the last. */
    T read(JsonParser parser) throws IOException;
  }

  /**
   * Reads a text as a tree; {@code null} and no text at all are a null node.
   *
   * @param refusal makes of what is wrong, such as "it is not JSON at line 1, column 5", what is
   *     thrown
   */
  public static JsonNode tree(byte[] utf8, Function<String, InvalidInputException> refusal) {
    return read(
        utf8,
        parser -> {
          JsonNode tree = JSON.readTree(parser);
          if (tree == null) {
            return JSON.nullNode();
          }
          requireEnd(parser, refusal);
          return tree;
        },
        refusal);
  }

  /** Reads a text piece by piece; anything behind the first value is refused. */
  public static <T> T stream(
      byte[] utf8, Reading<T> reading, Function<String, InvalidInputException> refusal) {
    return read(
        utf8,
        parser -> {
          T result = reading.read(parser);
          requireEnd(parser, refusal);
          return result;
        },
        refusal);
  }

  /** Reads a text as far as {@code reading} goes; what is behind is not looked at. */
  public static <T> T beginning(
      byte[] utf8, Reading<T> reading, Function<String, InvalidInputException> refusal) {
    return read(utf8, reading, refusal);
  }

  private static void requireEnd(JsonParser parser, Function<String, InvalidInputException> refusal)
      throws IOException {
    if (parser.nextToken() != null) {
      throw refusal.apply("there is more behind its JSON" + place(parser.currentTokenLocation()));
    }
  }

  private static <T> T read(
      byte[] utf8, Reading<T> reading, Function<String, InvalidInputException> refusal) {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException e) {
      throw refusal.apply("it is not text in UTF-8");
    }
    try (JsonParser parser = JSON.createParser(text)) {
      return reading.read(parser);
    } catch (JsonProcessingException e) {
      throw refusal.apply(explain(e));
    } catch (IOException e) {
      throw new AssertionError("a text in memory cannot fail to be read", e);
    }
  }

  private static String explain(JsonProcessingException e) {
    String place = place(e.getLocation());
    if (e instanceof StreamConstraintsException) {
      return String.format(
          Locale.ROOT,
          "it is nested deeper than %d, or has a name of more than %d characters or a number of more"
              + " than %d%s",
          MAX_DEPTH,
          MAX_NAME_CHARACTERS,
          MAX_NUMBER_CHARACTERS,
          place);
    }
    boolean twice = String.valueOf(e.getOriginalMessage()).startsWith("Duplicate ");
    return (twice ? "it has a name twice in one object" : "it is not JSON") + place;
  }

  private static String place(JsonLocation location) {
    return location == null
        ? ""
        : String.format(
            Locale.ROOT, " at line %d, column %d", location.getLineNr(), location.getColumnNr());
  }
}

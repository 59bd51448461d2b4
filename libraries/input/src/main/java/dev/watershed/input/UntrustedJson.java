package dev.watershed.input;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.function.Function;

/**
 * JSON from outside. Nesting, long names, texts and numbers, and names given twice are refused
 * while it is read, in words of our own; how many bytes there are is for the caller to check
 * before.
 */
public final class UntrustedJson {
  /** How deep objects and arrays may lie in each other. */
  public static final int MAX_DEPTH = 64;

  private static final int MAX_NUMBER_CHARACTERS = 100;
  private static final int MAX_TEXT_CHARACTERS = 20_000_000;
  private static final char BYTE_ORDER_MARK = 0xFEFF;

  /** Keys of a configuration, names of tensors. */
  private static final UntrustedJson PLAIN = new UntrustedJson(500, Integer.MAX_VALUE);

  /**
   * Names are tokens. Of names and values there may be a vocabulary and merges as pairs, each of as
   * many tokens as there may be, and a rest: a tree of empty arrays takes twenty times what its
   * text does.
   */
  private static final UntrustedJson VOCABULARY = new UntrustedJson(1 << 20, 8 << 20);

  private final int nameCharacters;
  private final int values;
  private final JsonMapper mapper;

  private UntrustedJson(int nameCharacters, int values) {
    this.nameCharacters = nameCharacters;
    this.values = values;
    this.mapper =
        JsonMapper.builder(
                JsonFactory.builder()
                    .streamReadConstraints(
                        StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .maxNameLength(nameCharacters)
                            .maxStringLength(MAX_TEXT_CHARACTERS)
                            .maxNumberLength(MAX_NUMBER_CHARACTERS)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    // Tables of names that outlive the file would be filled by who sends many.
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                    .build())
            .build();
  }

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
  public static <E extends RuntimeException> JsonNode tree(
      byte[] utf8, Function<String, E> refusal) {
    return PLAIN.readTree(utf8, refusal);
  }

  /** As {@link #tree}, of a file whose names are tokens: they may be long, and there are many. */
  public static <E extends RuntimeException> JsonNode vocabulary(
      byte[] utf8, Function<String, E> refusal) {
    VOCABULARY.requireCountable(utf8, refusal);
    return VOCABULARY.readTree(utf8, refusal);
  }

  /** Reads a text piece by piece; anything behind the first value is refused. */
  public static <T, E extends RuntimeException> T stream(
      byte[] utf8, Reading<T> reading, Function<String, E> refusal) {
    return PLAIN.read(
        utf8,
        parser -> {
          T result = reading.read(parser);
          requireEnd(parser, refusal);
          return result;
        },
        refusal);
  }

  /** Reads a text as far as {@code reading} goes; what is behind is not looked at. */
  public static <T, E extends RuntimeException> T beginning(
      byte[] utf8, Reading<T> reading, Function<String, E> refusal) {
    return PLAIN.read(utf8, reading, refusal);
  }

  /** Whether a parser that looks for it found a name twice in one object. */
  public static boolean isNameTwice(JsonProcessingException e) {
    return String.valueOf(e.getOriginalMessage()).startsWith("Duplicate ");
  }

  /** The library says the name in quotation marks, and nothing else has it. */
  private static String nameIn(JsonProcessingException e) {
    String message = String.valueOf(e.getOriginalMessage());
    int from = message.indexOf('\'') + 1;
    int to = message.lastIndexOf('\'');
    return from > 0 && to >= from ? " '" + Quoted.of(message.substring(from, to)) + "'" : "";
  }

  private <E extends RuntimeException> JsonNode readTree(byte[] utf8, Function<String, E> refusal) {
    return read(
        utf8,
        parser -> {
          JsonNode tree = mapper.readTree(parser);
          if (tree == null) {
            return mapper.nullNode();
          }
          requireEnd(parser, refusal);
          return tree;
        },
        refusal);
  }

  /** Counts before a tree is made. */
  private <E extends RuntimeException> void requireCountable(
      byte[] utf8, Function<String, E> refusal) {
    read(
        utf8,
        parser -> {
          for (int count = 0; parser.nextToken() != null; count++) {
            if (count == values) {
              throw refusal.apply(
                  String.format(Locale.ROOT, "it has more than %d names and values", values));
            }
          }
          return values;
        },
        refusal);
  }

  private static <E extends RuntimeException> void requireEnd(
      JsonParser parser, Function<String, E> refusal) throws IOException {
    if (parser.nextToken() != null) {
      throw refusal.apply(
          "it holds more than one JSON document: another begins"
              + place(parser.currentTokenLocation()));
    }
  }

  private <T, E extends RuntimeException> T read(
      byte[] utf8, Reading<T> reading, Function<String, E> refusal) {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException e) {
      throw refusal.apply("it is not text in UTF-8");
    }
    boolean marked = !text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK;
    try (JsonParser parser = mapper.createParser(marked ? text.substring(1) : text)) {
      return reading.read(parser);
    } catch (JsonProcessingException e) {
      throw refusal.apply(explain(e));
    } catch (IOException e) {
      throw new AssertionError("a text in memory cannot fail to be read", e);
    }
  }

  private String explain(JsonProcessingException e) {
    String problem;
    if (e instanceof StreamConstraintsException) {
      problem =
          String.format(
              Locale.ROOT,
              "it is nested deeper than %d, or has a name of more than %d characters, a number of more than %d or a text of more than %d",
              MAX_DEPTH,
              nameCharacters,
              MAX_NUMBER_CHARACTERS,
              MAX_TEXT_CHARACTERS);
    } else {
      problem =
          isNameTwice(e)
              ? "it has the duplicate name%s in one object".formatted(nameIn(e))
              : "it is not JSON";
    }
    return problem + place(e.getLocation());
  }

  private static String place(JsonLocation location) {
    return location == null
        ? ""
        : String.format(
            Locale.ROOT, " at line %d, column %d", location.getLineNr(), location.getColumnNr());
  }
}

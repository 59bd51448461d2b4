package dev.watershed.classifier.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Byte-level byte pairs as they are defined (Sennrich et al. 2016; Radford et al. 2019): a word is
 * its bytes, and of all neighbours those merge first that were learnt first.
 */
final class NaiveBytePairs {
  /** How each byte is written in a vocabulary: itself where it prints, else from U+0100 on. */
  static final char[] BYTES = bytes();

  private static final Pattern WORD =
      Pattern.compile(
          "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
          Pattern.UNICODE_CHARACTER_CLASS);

  private final JsonNode ids;
  private final Map<String, Integer> ranks = new HashMap<>();
  private final List<String> merges;

  NaiveBytePairs(Path vocabulary, Path merges) throws IOException {
    this.ids = new ObjectMapper().readTree(vocabulary.toFile());
    this.merges =
        Files.readAllLines(merges).stream().filter(line -> !line.startsWith("#version")).toList();
    this.merges.forEach(merge -> ranks.put(merge, ranks.size()));
  }

  /** The text's ids between begin (0) and end (2). */
  Integer[] encode(String text) {
    List<Integer> found = new ArrayList<>(List.of(0));
    for (var words = WORD.matcher(text); words.find(); ) {
      var pieces = new ArrayList<String>();
      for (byte b : words.group().getBytes(StandardCharsets.UTF_8)) {
        pieces.add(String.valueOf(BYTES[b & 0xff]));
      }
      merge(pieces);
      pieces.forEach(piece -> found.add(ids.path(piece).intValue()));
    }
    found.add(2);
    return found.toArray(Integer[]::new);
  }

  private void merge(List<String> pieces) {
    while (true) {
      int best = Integer.MAX_VALUE;
      for (int i = 0; i + 1 < pieces.size(); i++) {
        int rank = ranks.getOrDefault(pieces.get(i) + " " + pieces.get(i + 1), -1);
        best = rank >= 0 ? Math.min(best, rank) : best;
      }
      if (best == Integer.MAX_VALUE) {
        return;
      }
      String[] pair = merges.get(best).split(" ");
      for (int i = 0; i + 1 < pieces.size(); i++) {
        if (pieces.get(i).equals(pair[0]) && pieces.get(i + 1).equals(pair[1])) {
          pieces.set(i, pair[0] + pair[1]);
          pieces.remove(i + 1);
        }
      }
    }
  }

  private static char[] bytes() {
    char[] characters = new char[256];
    int next = 256;
    for (int b = 0; b < 256; b++) {
      boolean prints = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      characters[b] = (char) (prints ? b : next++);
    }
    return characters;
  }
}

package dev.watershed.input;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The files of a directory as Hugging Face's libraries write a model into it. */
public final class HuggingFaceFiles {
  public static final String CONFIG = "config.json";

  /** Weights in one file. */
  public static final String WEIGHTS = "model.safetensors";

  /** Which of several files of weights has which tensor. */
  public static final String INDEX = "model.safetensors.index.json";

  public static final String TOKENIZER_JSON = "tokenizer.json";
  public static final String WORD_PIECES = "vocab.txt";
  public static final String BYTE_PAIR_VOCABULARY = "vocab.json";
  public static final String BYTE_PAIR_MERGES = "merges.txt";

  /** Whatever a tokenizer may be kept in. */
  public static final List<String> TOKENIZER =
      List.of(
          TOKENIZER_JSON,
          "tokenizer_config.json",
          WORD_PIECES,
          BYTE_PAIR_VOCABULARY,
          BYTE_PAIR_MERGES,
          "special_tokens_map.json",
          "added_tokens.json");

  /** All but shards of weights, which have names of their own. */
  public static final List<String> FIXED =
      Stream.concat(TOKENIZER.stream(), Stream.of(CONFIG, WEIGHTS, INDEX)).toList();

  private static final Pattern SHARD =
      Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,199}\\.safetensors");

  private HuggingFaceFiles() {}

  /** Whether a file of this name belongs to a model. */
  public static boolean isFile(String name) {
    return FIXED.contains(name) || isShard(name);
  }

  /** Whether a file of this name can hold weights. */
  public static boolean isShard(String name) {
    return SHARD.matcher(name).matches();
  }

  /** Whether a directory has the vocabulary of a tokenizer, in any of its forms. */
  public static boolean hasTokenizer(Path directory) {
    boolean pairs =
        Files.exists(directory.resolve(BYTE_PAIR_VOCABULARY))
            && Files.exists(directory.resolve(BYTE_PAIR_MERGES));
    return pairs
        || Files.exists(directory.resolve(TOKENIZER_JSON))
        || Files.exists(directory.resolve(WORD_PIECES));
  }
}

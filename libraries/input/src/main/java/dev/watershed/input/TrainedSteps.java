package dev.watershed.input;

import static dev.watershed.input.InvalidInputException.invalid;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How far a training was when Hugging Face's Trainer wrote a directory: {@code global_step} of
 * {@code trainer_state.json}, else the number in the folder's name, {@code checkpoint-600}.
 *
 * @param step empty where neither says
 * @param notices what should be known of where it comes from
 */
public record TrainedSteps(OptionalLong step, List<String> notices) {
  /** The file in which the Trainer keeps its state. */
  public static final String STATE = "trainer_state.json";

  private static final Pattern FOLDER = Pattern.compile("checkpoint-(\\d{1,18})");

  /** A state grows by its log; of 100,000 entries it has some 15 MB. */
  private static final int MAX_STATE_BYTES = 32 << 20;

  public TrainedSteps {
    notices = List.copyOf(notices);
  }

  /** The step that a folder is called by; empty where its name says none. */
  public static OptionalLong ofFolder(String name) {
    Matcher matcher = FOLDER.matcher(name);
    return matcher.matches()
        ? OptionalLong.of(Long.parseLong(matcher.group(1)))
        : OptionalLong.empty();
  }

  /**
   * Reads how far a directory is. A state that cannot be read is a notice: what it belongs to may
   * be sound.
   *
   * @param folder the directory's name
   * @param state its {@code trainer_state.json}; null where there is none
   */
  public static TrainedSteps of(String folder, @Nullable Path state) throws IOException {
    var ofFolder = ofFolder(folder);
    if (state == null) {
      return new TrainedSteps(ofFolder, List.of());
    }
    long step;
    try {
      step = globalStep(state);
    } catch (InvalidInputException e) {
      return new TrainedSteps(ofFolder, List.of(e.getMessage() + "; the step is the folder's"));
    }
    boolean others = ofFolder.isPresent() && ofFolder.getAsLong() != step;
    return new TrainedSteps(
        OptionalLong.of(step),
        others
            ? List.of(
                String.format(
                    Locale.ROOT,
                    "%s says step %d, the folder is called %s; the former was taken",
                    STATE,
                    step,
                    folder))
            : List.of());
  }

  private static long globalStep(Path state) throws IOException {
    byte[] bytes;
    try (InputStream in = Files.newInputStream(state)) {
      bytes = in.readNBytes(MAX_STATE_BYTES + 1);
    }
    if (bytes.length > MAX_STATE_BYTES) {
      throw unreadable("it has more than " + MAX_STATE_BYTES + " bytes");
    }
    return UntrustedJson.beginning(bytes, TrainedSteps::globalStep, TrainedSteps::unreadable);
  }

  /** The log behind it may hold NaN, which is no JSON; it is not looked at. */
  private static long globalStep(JsonParser parser) throws IOException {
    if (parser.nextToken() == JsonToken.START_OBJECT) {
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        boolean found = parser.currentName().equals("global_step");
        if (parser.nextToken() == JsonToken.VALUE_NUMBER_INT && found) {
          long step = parser.getLongValue();
          if (step >= 0) {
            return step;
          }
        }
        parser.skipChildren();
      }
    }
    throw unreadable("it has no global_step");
  }

  private static InvalidInputException unreadable(String what) {
    return invalid("TRAINER_STATE_INVALID", STATE, STATE + " cannot be used: " + what);
  }
}

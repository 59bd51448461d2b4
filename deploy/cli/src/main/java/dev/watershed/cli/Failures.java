package dev.watershed.cli;

import dev.watershed.input.FileFault;
import java.net.BindException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystemException;
import org.jspecify.annotations.Nullable;

/** What went wrong in a sentence, without the names of classes. */
public final class Failures {
  private Failures() {}

  /** The sentence; of an exception without a message, what kind of thing it was. */
  public static String sentence(Throwable thrown) {
    if (thrown instanceof FileSystemException file) {
      return FileFault.of(file);
    }
    if (thrown instanceof CharacterCodingException) {
      return "it is not text in UTF-8";
    }
    if (thrown instanceof BindException) {
      return "the port cannot be listened on: " + thrown.getMessage();
    }
    if (thrown instanceof OutOfMemoryError) {
      return "memory is full; give more, for example with WATERSHED_JAVA_OPTS=-Xmx8g ("
          + thrown.getMessage()
          + ")";
    }
    return thrown instanceof StackOverflowError ? "the input is nested too deeply" : own(thrown);
  }

  private static String own(Throwable thrown) {
    String message = withoutClassNames(thrown.getMessage());
    return message.isEmpty()
        ? "something that was not foreseen went wrong ("
            + thrown.getClass().getSimpleName().replaceAll("(Exception|Error)$", "")
            + ")"
        : message;
  }

  /** Wrapped exceptions begin with the class of what they wrap. */
  private static String withoutClassNames(@Nullable String message) {
    return message == null
        ? ""
        : message
            .replaceAll("\\b(?:[a-z_]\\w*\\.){2,}[A-Z]\\w*(?:Exception|Error)\\b:? ?", "")
            .strip();
  }
}

package dev.watershed.input;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** What a failure of a file says to people: messages of the JDK are often the path alone. */
public final class FileFault {
  private FileFault() {}

  /** Returns a sentence with the file, as far as it is known, and what is wrong with it. */
  public static String of(IOException thrown) {
    if (!(thrown instanceof FileSystemException fault)) {
      // The operating system's words, such as "Input/output error".
      return thrown.getMessage() == null ? "reading failed" : Quoted.of(thrown.getMessage());
    }
    String file = Quoted.of(String.valueOf(fault.getFile()));
    if (fault instanceof NoSuchFileException) {
      return "there is no " + file;
    }
    if (fault instanceof AccessDeniedException) {
      return "no permission to use " + file;
    }
    if (fault instanceof FileAlreadyExistsException) {
      return file + " is there already";
    }
    if (fault instanceof DirectoryNotEmptyException) {
      return file + " is not empty";
    }
    if (fault instanceof NotDirectoryException) {
      return file + " is no directory";
    }
    return file + (fault.getReason() == null ? " cannot be used" : ": " + fault.getReason());
  }
}

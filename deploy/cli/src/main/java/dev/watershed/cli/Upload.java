package dev.watershed.cli;

import com.google.protobuf.ByteString;
import dev.watershed.cli.terminal.ProgressBoard;
import dev.watershed.cli.terminal.Terminal;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Sends files on a stream, as fast as the server takes them, and shows how far it is.
 *
 * @param <Q> a message of the stream
 * @param <A> its answer
 */
final class Upload<Q, A> implements AutoCloseable {
  private static final int PART_BYTES = 1 << 20;

  /** Makes a message of a part of a file. */
  @FunctionalInterface
  interface Part<Q> {
    Q message(ByteString content);
  }

  private final BlockingClientCall<Q, A> call;
  private final ProgressBoard board;
  private boolean open = true;
  private boolean answered;

  Upload(BlockingClientCall<Q, A> call, Terminal terminal) {
    this.call = call;
    this.board = new ProgressBoard(terminal);
  }

  /** Sends one message. Once the server has ended the call, nothing more is sent. */
  void send(Q message) {
    try {
      open = open && call.write(message);
    } catch (StatusException e) {
      open = false; // the answer says why
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  /** Sends a file in parts; an empty one in one part. */
  void send(String name, Path file, Part<Q> part) {
    try (InputStream input = Files.newInputStream(file)) {
      long size = Files.size(file);
      long done = 0;
      byte[] content;
      do {
        content = input.readNBytes(PART_BYTES);
        if (content.length > 0 || done == 0) {
          send(part.message(ByteString.copyFrom(content)));
        }
        done += content.length;
        board.update(name, new ProgressBoard.Row(name, "uploading", done, size, "", false));
      } while (open && content.length == PART_BYTES);
      if (open) {
        board.update(name, new ProgressBoard.Row(name, "sent", done, size, "", true));
      }
    } catch (IOException e) {
      throw CommandException.badInput("cannot read " + file + ": " + Failures.sentence(e));
    }
  }

  /** Says that all was sent and waits for the answer. */
  A answer() {
    try {
      if (open) {
        call.halfClose();
      }
      @Nullable A answer = call.read();
      if (answer == null) {
        throw new CommandException(
            ExitCode.FAILED, "the server ended the upload without an answer");
      }
      answered = true;
      return answer;
    } catch (StatusException e) {
      answered = true;
      throw e.getStatus().asRuntimeException(e.getTrailers());
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  private static CommandException interrupted() {
    Thread.currentThread().interrupt();
    return new CommandException(ExitCode.CANCELLED, "interrupted");
  }

  /** Gives an upload up that was not answered. */
  @Override
  public void close() {
    if (!answered) {
      call.cancel("given up", null);
    }
    board.close();
  }
}

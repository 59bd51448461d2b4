package dev.watershed.standalone.fuzz;

import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.TextFormat;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * A call of one rpc that follows from the seed, its number and the corpus.
 *
 * @param number from 0
 */
record FuzzCase(long number, ServedMethod method, FuzzKind kind, FuzzedCall call) {
  private static final int SHOWN = 3000;

  static FuzzCase of(long seed, long number, List<ServedMethod> methods, Corpus corpus) {
    var random = new SplittableRandom(seed + number * 0x9E3779B97F4A7C15L);
    // Every rpc has its turn.
    var method = methods.get((int) (number % methods.size()));
    var kind = kind(number / methods.size(), random);
    var texts = new RandomText(random, corpus.texts());
    var values = new RandomValues(random, texts);
    var mutations = new MutatedMessages(random, texts, values, corpus.all());
    var right = corpus.of(method);
    Message base = right.get(random.nextInt(right.size()));
    // A stream may have no end.
    int deadline = method.descriptor().isServerStreaming() ? 1000 : 5000;
    var call =
        switch (kind) {
          case RIGHT -> FuzzedCall.of(base.toByteArray(), deadline);
          case BYTES -> FuzzedCall.of(bytes(random, base, values, mutations), deadline);
          case RANDOM ->
              FuzzedCall.of(
                  values.message(method.descriptor().getInputType()).toByteArray(), deadline);
          case MUTATED -> FuzzedCall.of(mutations.mutated(base).toByteArray(), deadline);
          case BROKEN ->
              broken(random, (random.nextBoolean() ? base : mutations.mutated(base)).toByteArray());
        };
    if (corpus.isToBeKept(method, call)) {
      call = FuzzedCall.of(base.toByteArray(), deadline);
    }
    return new FuzzCase(number, method, kind, call);
  }

  /** Each kind in turn at first, so that none is left to chance; drawn from then on. */
  private static FuzzKind kind(long turn, RandomGenerator random) {
    var kinds = FuzzKind.values();
    int draw = random.nextInt(100);
    if (turn < kinds.length) {
      return kinds[(int) turn];
    }
    return draw < 5
        ? FuzzKind.RIGHT
        : draw < 15
            ? FuzzKind.BYTES
            : draw < 35 ? FuzzKind.RANDOM : draw < 85 ? FuzzKind.MUTATED : FuzzKind.BROKEN;
  }

  private static byte[] bytes(
      RandomGenerator random, Message base, RandomValues values, MutatedMessages mutations) {
    return switch (random.nextInt(6)) {
      case 0 -> values.bytes(random.nextInt(200));
      // Groups within groups, messages within messages.
      case 1 -> filled((byte) 0x0b, random.nextInt(1, 200_000));
      case 2 -> filled((byte) 0x0a, random.nextInt(1, 200_000));
      case 3 -> filled((byte) 0xff, random.nextInt(1, 100));
      default -> mutations.mutatedBytes(base.toByteArray());
    };
  }

  private static byte[] filled(byte value, int count) {
    var bytes = new byte[count];
    Arrays.fill(bytes, value);
    return bytes;
  }

  private static FuzzedCall broken(RandomGenerator random, byte[] message) {
    var one = List.of(message);
    int all = Integer.MAX_VALUE;
    return switch (random.nextInt(11)) {
      case 0 -> new FuzzedCall(List.of(), true, 1000, all, -1, null);
      case 1 -> new FuzzedCall(List.of(message, message), true, 1000, all, -1, null);
      case 2 -> new FuzzedCall(one, false, 100, all, -1, null);
      case 3 -> new FuzzedCall(List.of(), false, 20, all, -1, null);
      case 4 -> new FuzzedCall(one, true, 1, all, -1, null);
      case 5 -> new FuzzedCall(one, true, random.nextInt(1, 60), all, -1, null);
      case 6 -> new FuzzedCall(one, true, 1000, all, 0, null);
      case 7 -> new FuzzedCall(one, true, 1000, all, random.nextInt(30_000), null);
      case 8 -> new FuzzedCall(one, true, 1000, random.nextInt(2), random.nextInt(100_000), null);
      case 9 -> new FuzzedCall(one, true, 1000, all, -1, Encodings.BROKEN_GZIP);
      default -> new FuzzedCall(one, true, 1000, all, -1, Encodings.UNKNOWN);
    };
  }

  /** The case for people, bounded. */
  @Override
  public String toString() {
    var text = new StringBuilder("case " + number + ": " + kind + " " + method.name());
    text.append(", deadline ").append(call.deadlineMillis()).append(" ms, reads ");
    text.append(call.reads()).append(", cancels after ").append(call.cancelMicros());
    text.append(" us, encoding ").append(call.encoding());
    text.append(call.halfClose() ? "" : ", not half-closed");
    for (var message : call.messages()) {
      text.append("\n  ").append(message.length).append(" bytes: ").append(shown(message));
    }
    return text.toString();
  }

  private String shown(byte[] message) {
    String text;
    try {
      text =
          TextFormat.printer()
              .emittingSingleLine(true)
              .printToString(DynamicMessage.parseFrom(method.descriptor().getInputType(), message));
    } catch (InvalidProtocolBufferException e) {
      text = HexFormat.of().formatHex(message, 0, Math.min(message.length, SHOWN / 2));
    }
    return text.length() > SHOWN ? text.substring(0, SHOWN) + "..." : text;
  }
}

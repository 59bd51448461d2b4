package dev.watershed.standalone.fuzz;

/** What is wrong with a call, if anything. */
enum FuzzKind {
  /** Nothing: the server knows what it asks for. */
  RIGHT,
  /** Bytes that are no message, or only nearly one. */
  BYTES,
  /** A message of the right type, with anything in it. */
  RANDOM,
  /** A right message with a few places changed. */
  MUTATED,
  /** A call that is cut off, left unread, empty, doubled or wrongly compressed. */
  BROKEN
}

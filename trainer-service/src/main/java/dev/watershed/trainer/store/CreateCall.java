package dev.watershed.trainer.store;

/**
 * A call that creates runs, so that its repetition can be told from a new one.
 *
 * @param requestId the caller's name for it; empty where the call is not to be repeated
 * @param digest SHA-256 of its body, hexadecimal
 */
public record CreateCall(String requestId, String digest) {}

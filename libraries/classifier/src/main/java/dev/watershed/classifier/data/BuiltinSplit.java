package dev.watershed.classifier.data;

/** A split that comes with the program, for example {@code miniature/train}. */
public record BuiltinSplit(String name) implements SplitSource {}

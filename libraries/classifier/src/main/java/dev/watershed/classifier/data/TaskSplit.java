package dev.watershed.classifier.data;

/**
 * A split of a task known by name, whose columns and labels need not be said.
 *
 * @param name one of {@link Tasks}
 * @param uri the file, or a directory that holds it under a published name; empty to look in every
 *     data root
 */
public record TaskSplit(String name, String uri) implements SplitSource {}

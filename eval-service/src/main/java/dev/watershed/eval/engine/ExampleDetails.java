package dev.watershed.eval.engine;

/**
 * What a call wants of every example besides the scores over all.
 *
 * @param losses each example's loss
 * @param probabilities each example's probabilities of the data's labels
 */
public record ExampleDetails(boolean losses, boolean probabilities) {}

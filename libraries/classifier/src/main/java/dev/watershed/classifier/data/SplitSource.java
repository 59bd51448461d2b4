package dev.watershed.classifier.data;

/** Where the rows of a split come from. */
public sealed interface SplitSource permits BuiltinSplit, FileSplit, TaskSplit {}

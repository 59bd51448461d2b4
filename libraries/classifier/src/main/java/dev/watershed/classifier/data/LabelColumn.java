package dev.watershed.classifier.data;

import static dev.watershed.input.InvalidInputException.invalid;

import dev.watershed.input.Quoted;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Gives the labels of one file numbers: in the order they are named in, else as they come. */
final class LabelColumn {
  /** The number of a row that is to be left out. */
  static final int UNWANTED = -2;

  private static final int MAX_LABELS = 1000;

  /** Also as pandas writes integers of a column with gaps. */
  private static final Pattern INTEGER = Pattern.compile("(-?[0-9]{1,9})(\\.0+)?");

  private static final Pattern FRACTION = Pattern.compile("-?[0-9]{0,9}\\.[0-9]{1,20}");

  /** What SNLI and MNLI write where annotators did not agree. */
  private static final String NO_GOLD = "-";

  private final FileReading reading;
  private final FileSplit split;
  private final TreeSet<String> only;
  private final List<String> names;
  private final Map<String, Integer> indices = new HashMap<>();
  private final List<Integer> counts = new ArrayList<>();
  private int withoutGold;

  LabelColumn(FileReading reading) {
    this.reading = reading;
    this.split = reading.columns();
    this.only = new TreeSet<>(reading.onlyLabels());
    this.names = new ArrayList<>(split.labelNames());
    if (!exists() && !(names.isEmpty() && only.isEmpty())) {
      throw invalid(
          "DATA_UNLABELLED",
          "label_column",
          "label_names and only_labels need a label_column to look at");
    }
    for (String name : names) {
      if (indices.put(name, indices.size()) != null) {
        throw invalid("LABEL_NAMES_INVALID", "label_names", "'%s' is named twice".formatted(name));
      }
    }
    if (isNamed()) {
      requireOnlyKnown();
    }
  }

  /** Whether the data have labels at all. */
  boolean exists() {
    return !split.labelColumn().isEmpty();
  }

  /** Returns the number of the label in a cell, or {@link #UNWANTED}. */
  int index(String cell, long line) {
    if (reading.lenient() && cell.equals(NO_GOLD)) {
      withoutGold++;
      return UNWANTED;
    }
    if (!isNamed()) {
      discover(cell, line);
    }
    String name = isNamed() ? nameOf(cell) : cell;
    Integer index = indices.get(name);
    if (index == null && only.isEmpty()) {
      throw invalid(
          "LABEL_UNKNOWN",
          "label_names",
          "%s: '%s' is none of the labels %s%s"
              .formatted(place(line), shorten(cell), FileColumns.shown(names), hint(cell, line)));
    }
    if (index != null && !isNamed()) {
      counts.set(index, counts.get(index) + 1);
    }
    return index == null || !(only.isEmpty() || only.contains(name)) ? UNWANTED : index;
  }

  /** Rows that were left out because nobody knows their label. */
  int withoutGold() {
    return withoutGold;
  }

  /** Returns the names in canonical order: the task's, else as given, else sorted. */
  List<String> names() {
    if (!reading.labels().isEmpty()) {
      return reading.labels();
    }
    return isNamed() ? names : names.stream().sorted().toList();
  }

  /** Returns the place in {@link #names()} of each number given so far. */
  int[] places() {
    requireNoHeader();
    requireOnlyKnown();
    List<String> canonical = names();
    return names.stream().mapToInt(canonical::indexOf).toArray();
  }

  boolean isNamed() {
    return !split.labelNames().isEmpty();
  }

  /** A number in the file counts {@code label_names} from 0; false and true are 0 and 1. */
  private String nameOf(String cell) {
    Matcher integer = INTEGER.matcher(cell);
    int value =
        integer.matches()
            ? Integer.parseInt(integer.group(1))
            : cell.equalsIgnoreCase("false") ? 0 : cell.equalsIgnoreCase("true") ? 1 : -1;
    boolean named = indices.containsKey(cell) && !integer.matches();
    return value >= 0 && value < names.size() && !named ? names.get(value) : cell;
  }

  private String hint(String cell, long line) {
    if (cell.equals("-1") || cell.equals("-1.0")) {
      return "; -1 is for no label: only_labels leaves such rows out";
    }
    if (indices.containsKey(cell.strip())) {
      return "; it has blanks at its ends, which count: take them out of the file";
    }
    return line == 1 && reading.columns().isHeaderless()
        ? "; is the first line a header? Then say has_header (header=true)"
        : "";
  }

  /**
   * Refuses a first line that reads like a header: its label occurs nowhere else, and all others do
   * more than once.
   */
  private void requireNoHeader() {
    if (reading.columns().isHeaderless()
        && !isNamed()
        && counts.size() > 1
        && counts.getFirst() == 1
        && counts.subList(1, counts.size()).stream().allMatch(count -> count > 1)) {
      throw invalid(
          "HEADER_AS_ROW",
          "has_header",
          "the first line reads like a header: its label '%s' occurs in no other row. Say has_header (header=true), or, if it is a row, name all labels in label_names"
              .formatted(shorten(names.getFirst())));
    }
  }

  private void discover(String cell, long line) {
    if (indices.containsKey(cell)) {
      return;
    }
    String place = place(line);
    if (cell.isEmpty()) {
      throw invalid("LABEL_MISSING", "label_column", place + ": there is no label");
    }
    if (INTEGER.matcher(cell).matches()) {
      throw invalid(
          "LABEL_NAMES_NEEDED",
          "label_names",
          "%s: '%s' is a number; say in label_names what 0, 1, ... mean".formatted(place, cell));
    }
    if (FRACTION.matcher(cell).matches()) {
      throw invalid(
          "LABEL_FRACTION",
          "label_column",
          "%s: '%s' is a fraction, and labels are classes; is it the right column?"
              .formatted(place, shorten(cell)));
    }
    if (names.size() == MAX_LABELS) {
      throw invalid(
          "TOO_MANY_LABELS",
          "label_column",
          String.format(
              Locale.ROOT,
              "%s: more than %d different labels, the last one '%s'; is it the right column?",
              place,
              MAX_LABELS,
              shorten(cell)));
    }
    indices.put(cell, names.size());
    names.add(cell);
    counts.add(0);
  }

  private void requireOnlyKnown() {
    for (String name : only) {
      if (!indices.containsKey(name)) {
        throw invalid(
            "LABEL_UNKNOWN",
            "only_labels",
            "there is no label '%s'; the labels are %s"
                .formatted(Quoted.of(name), FileColumns.shown(names())));
      }
    }
  }

  private String place(long line) {
    return String.format(
        Locale.ROOT, "%s %d, column '%s'", reading.unit(), line, split.labelColumn());
  }

  private static String shorten(String cell) {
    return Quoted.of(cell.length() <= 60 ? cell : cell.substring(0, 60) + "...");
  }
}

package dev.watershed.classifier.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.watershed.classifier.RandomStream;
import dev.watershed.classifier.data.Row.TextRow;
import dev.watershed.classifier.data.Row.TokenRow;
import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What data sets take, and when they are read no further. */
class DataMemoryTest {
  private static final FileSplit TEXTS =
      new FileSplit("data", FileFormat.TSV, "0", "", "1", List.of("no", "yes"), false);

  private final Path root;

  DataMemoryTest(@TempDir Path root) {
    this.root = root;
  }

  @Test
  void rows_outsideTheHeap_areThoseThatWereStored() {
    DataMemory memory = new DataMemory(DataLimits.DEFAULT);
    List<Row> rows = new ArrayList<>();
    try (StoredList<Row> stored = new StoredList<>(new RowForm(), memory)) {
      for (int i = 0; i < 20_000; i++) {
        Row row = new TextRow("é " + "x".repeat(i % 50), i % 3 == 0 ? null : "\uD83D\uDE00" + i, i);
        rows.add(row);
        stored.add(row);
      }
      assertThat(stored).isEqualTo(rows);
      stored.add(new TokenRow(new int[] {7, 8}, new int[] {0, 1}, true, -1));
      TokenRow tokens = (TokenRow) stored.getLast();
      assertThat(tokens.inputIds()).containsExactly(7, 8);
      assertThat(tokens.tokenTypeIds()).containsExactly(0, 1);
      assertThat(tokens.masked()).isTrue();
      assertThat(tokens.label()).isEqualTo(-1);
      assertThat(memory.heldBytes()).isEqualTo(stored.bytes()).isPositive();
    }
    assertThat(memory.heldBytes()).isZero();
  }

  @Test
  void load_moreThanADataSetMayTake_isRefusedAndFreed() throws IOException {
    Files.writeString(root.resolve("data"), ("x".repeat(1000) + "\tno\n").repeat(1000));
    Datasets datasets = datasets(new DataLimits(1 << 30, 20_000, 10_000, 500_000, 1 << 30));
    refused(datasets, "DATA_TOO_LARGE", "500000");
    assertThat(datasets.memory().heldBytes()).isZero();
  }

  @Test
  void load_moreThanIsThereForAll_isRefusedUntilAnotherIsClosed() throws IOException {
    Files.writeString(root.resolve("data"), ("x".repeat(1000) + "\tno\n").repeat(700));
    Datasets datasets = datasets(new DataLimits(1 << 30, 20_000, 10_000, 1 << 20, 3 << 19));
    try (Dataset first = datasets.load(new Split(TEXTS, List.of()))) {
      assertThat(first.rows()).hasSize(700);
      refused(datasets, "DATA_MEMORY_EXHAUSTED", "watershed.data.memory");
      assertThat(first.rows().getLast().label()).isZero();
    }
    try (Dataset second = datasets.load(new Split(TEXTS, List.of()))) {
      assertThat(second.rows()).hasSize(700);
    }
  }

  @Test
  void load_firstRowsOfNamedLabels_readsNoFurther() throws IOException {
    Files.writeString(root.resolve("data"), "a\tno\nb\tyes\nc\tmaybe\n");
    Datasets datasets = datasets(DataLimits.DEFAULT);
    Dataset first = datasets.load(new Split(TEXTS, List.of()), 2, null, () -> false);
    assertThat(first.rows()).containsExactly(new TextRow("a", null, 0), new TextRow("b", null, 1));
    refused(datasets, "LABEL_UNKNOWN", "maybe");
    // Labels that the file alone tells are known at its end.
    FileSplit unnamed = new FileSplit("data", FileFormat.TSV, "0", "", "1", List.of(), false);
    assertThat(datasets.load(new Split(unnamed, List.of()), 2, null, () -> false).labels())
        .containsExactly("maybe", "no", "yes");
  }

  @Test
  void load_firstRowsOfUnnamedLabels_holdsNoOthers() throws IOException {
    Files.writeString(root.resolve("data"), ("x".repeat(1000) + "\tno\nx\tyes\n").repeat(1000));
    FileSplit unnamed = new FileSplit("data", FileFormat.TSV, "0", "", "1", List.of(), false);
    Datasets datasets = datasets(new DataLimits(1 << 30, 20_000, 10_000, 200_000, 1 << 30));
    try (Dataset first = datasets.load(new Split(unnamed, List.of()), 2, null, () -> false)) {
      assertThat(first.rows()).hasSize(2);
      assertThat(first.labels()).containsExactly("no", "yes");
    }
  }

  @Test
  void load_seededSampleOfAFileTooLargeToHold_holdsTheRowsThatAreChosen() throws IOException {
    var lines = new StringBuilder();
    for (int i = 0; i < 9000; i++) {
      lines.append(i).append("x".repeat(200)).append(i % 3 == 0 ? "\tyes\n" : "\tno\n");
    }
    Files.writeString(root.resolve("data"), lines);
    Split split = new Split(TEXTS, List.of());
    SampleSpec spec = new SampleSpec("", split, 15, 25, 5L, 0);
    Datasets datasets = datasets(new DataLimits(1 << 30, 20_000, 10_000, 400_000, 1 << 30));
    refused(datasets, "DATA_TOO_LARGE", "400000");
    int[] chosen = RandomStream.permutation(9000, 40, RandomStream.of(5));

    try (Dataset whole = datasets(DataLimits.DEFAULT).load(split);
        Dataset drawn = datasets.load(split, spec.needed(), spec.seed(), () -> false)) {
      assertThat(drawn.rows()).hasSize(9000);
      assertThat(drawn.storedBytes()).isLessThan(400_000);
      for (int number : chosen) {
        assertThat(drawn.rows().get(number)).isEqualTo(whole.rows().get(number));
      }
    }
    assertThat(datasets.memory().heldBytes()).isZero();
  }

  @Test
  void load_cancelled_endsWithinTheFile() throws IOException {
    Files.write(root.resolve("data"), "\n".repeat(1 << 20).getBytes(UTF_8));
    int[] polls = {0};
    assertThatExceptionOfType(CancellationException.class)
        .isThrownBy(
            () ->
                datasets(DataLimits.DEFAULT)
                    .load(new Split(TEXTS, List.of()), 0, null, () -> ++polls[0] > 3));
    assertThat(polls[0]).isEqualTo(4);
  }

  private Datasets datasets(DataLimits limits) {
    return new Datasets(new DataRoots(List.of(root)), limits);
  }

  private static void refused(Datasets datasets, String reason, String named) {
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> datasets.load(new Split(TEXTS, List.of())))
        .withMessageContaining(named)
        .satisfies(e -> assertThat(e.reason()).isEqualTo(reason));
  }
}

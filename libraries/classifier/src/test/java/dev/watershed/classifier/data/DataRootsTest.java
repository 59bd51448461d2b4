package dev.watershed.classifier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.watershed.input.InvalidInputException;
import dev.watershed.input.InvalidInputException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DataRootsTest {
  private final Path directory;
  private final Path root;
  private final DataRoots roots;

  DataRootsTest(@TempDir Path temporary) throws IOException {
    directory = temporary.toRealPath();
    root = Files.createDirectories(directory.resolve("data"));
    Files.createDirectories(root.resolve("a b"));
    Files.writeString(root.resolve("a b/train.tsv"), "x");
    Files.writeString(directory.resolve("secret.txt"), "x");
    Files.createDirectories(directory.resolve("data2"));
    Files.writeString(directory.resolve("data2/secret.txt"), "x");
    roots = new DataRoots(List.of(root));
  }

  @Test
  void resolve_pathOrFileUri_findsTheFile() throws IOException {
    Path file = root.resolve("a b/train.tsv");
    assertThat(roots.resolve("a b/train.tsv")).isEqualTo(file);
    assertThat(roots.resolve("./a b/../a b/train.tsv")).isEqualTo(file);
    assertThat(roots.resolve(file.toString())).isEqualTo(file);
    assertThat(roots.resolve(file.toUri().toString())).isEqualTo(file);
    assertThat(roots.resolve("file:" + root + "/a%20b/train.tsv")).isEqualTo(file);
    Files.createSymbolicLink(root.resolve("inside.tsv"), file);
    assertThat(roots.resolve("inside.tsv")).isEqualTo(file);
  }

  @Test
  void resolve_secondRoot_isReachedByAbsolutePath() {
    DataRoots both = new DataRoots(List.of(root, directory.resolve("data2")));
    Path file = directory.resolve("data2/secret.txt");
    assertThat(both.resolve(file.toString())).isEqualTo(file);
    refused(both, "secret.txt", Kind.NOT_FOUND);
  }

  @Test
  void resolve_rootThatIsALink_allowsItsTarget() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("link"), root);
    assertThat(new DataRoots(List.of(link)).resolve("a b/train.tsv"))
        .isEqualTo(root.resolve("a b/train.tsv"));
  }

  @Test
  void relativize_fileBelowARoot_isItsNameFromThere() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("link"), root);
    DataRoots both = new DataRoots(List.of(directory.resolve("data2"), link));
    assertThat(both.relativize(both.resolve(root.resolve("a b/train.tsv").toString())))
        .isEqualTo("a b/train.tsv");
    assertThat(new DataRoots(List.of(directory, root)).relativize(root.resolve("a b/train.tsv")))
        .isEqualTo("a b/train.tsv");
    assertThat(roots.relativize(directory.resolve("elsewhere.tsv"))).isEqualTo("elsewhere.tsv");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../secret.txt",
        "a b/../../secret.txt",
        "../data2/secret.txt",
        "/etc/passwd",
        "/no/such/file",
        "file:///etc/passwd",
        "file:/etc/../etc/passwd",
        "http://example.org/train.tsv",
        "s3://bucket/train.tsv",
        "jar:file:/x.jar!/y",
        "HTTP:x",
      })
  void resolve_outsideTheRoots_isForbidden(String uri) {
    refused(roots, uri, Kind.FORBIDDEN);
  }

  @Test
  void resolve_linkThatLeadsOut_isForbidden() throws IOException {
    Files.createSymbolicLink(root.resolve("link.txt"), directory.resolve("secret.txt"));
    Files.createSymbolicLink(root.resolve("up"), directory);
    refused(roots, "link.txt", Kind.FORBIDDEN);
    refused(roots, "up/secret.txt", Kind.FORBIDDEN);
    refused(roots, "up/data2/secret.txt", Kind.FORBIDDEN);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "file://host/etc/passwd",
        "file:train.tsv",
        "file:///x?y",
        "file:///%zz",
        "file:///a%00b",
        "a\0b",
      })
  void resolve_notAFileUri_isRefused(String uri) {
    refused(roots, uri, Kind.INVALID);
  }

  @Test
  void resolve_missingFile_isNotFound() {
    refused(roots, "no.tsv", Kind.NOT_FOUND);
  }

  @Test
  void resolve_withoutRoots_isForbidden() {
    refused(new DataRoots(List.of()), "train.tsv", Kind.FORBIDDEN);
    refused(new DataRoots(List.of(directory.resolve("none"))), "train.tsv", Kind.NOT_FOUND);
  }

  @Test
  void resolve_outsideOrMissing_saysWhichRootsThereAreAndNotWhereTheyLie() throws IOException {
    DataRoots both = new DataRoots(List.of(root, directory.resolve("data2")));
    assertThat(message(both, "/no/such/file"))
        .contains(
            "'data', 'data2'",
            "a relative path starts from 'data'",
            "--data-root",
            "whether or not")
        .isEqualTo(message(both, "/etc/passwd").replace("/etc/passwd", "/no/such/file"));
    assertThat(message(both, "no.tsv"))
        .contains("'no.tsv'", "'data', 'data2'", "a relative path starts from 'data'");
    assertThat(message(both, "no.tsv") + message(both, "/etc/passwd"))
        .doesNotContain(directory.toString());
    assertThat(message(new DataRoots(List.of()), "a.tsv")).contains("--data-root");
  }

  @Test
  void resolve_longOrUnprintablePath_isQuotedInPart() {
    assertThat(message(roots, "/" + "x".repeat(3000) + "\n")).hasSizeLessThan(600);
    assertThat(message(roots, "no\u202e.tsv")).contains("no\\u202e.tsv");
  }

  private static String message(DataRoots roots, String uri) {
    try {
      return "found " + roots.resolve(uri);
    } catch (InvalidInputException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private static void refused(DataRoots roots, String uri, Kind kind) {
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> roots.resolve(uri))
        .satisfies(e -> assertThat(e.kind()).isEqualTo(kind))
        .satisfies(e -> assertThat(e.parameter()).isEqualTo("uri"));
  }
}

package dev.watershed.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import io.micronaut.core.naming.NameUtils;
import java.io.IOException;
import java.lang.reflect.Parameter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The table of docs/configuration.md is what the code says, in its own words. */
final class ConfigurationDocumentTest {
  private static final Path PROJECT = Path.of("..", "..");
  private static final Path DOCUMENT = PROJECT.resolve("docs/configuration.md");
  private static final Path GENERATED = Path.of("target", "configuration.md");
  private static final String HEAD = "| key | default | what it says |\n|---|---|---|\n";
  private static final Pattern PARAM =
      Pattern.compile("@param (\\w+) (.*?)(?=\\s@param|\\s@throws|\\z)", Pattern.DOTALL);

  @Test
  void table_everyKey_isThereAsTheCodeSaysIt() throws IOException {
    String document = Files.readString(DOCUMENT);
    int begin = document.indexOf(HEAD);
    assertThat(begin).as("the table's head in %s", DOCUMENT).isNotNegative();
    int end = begin + HEAD.length();
    while (document.startsWith("|", end)) {
      end = document.indexOf('\n', end) + 1;
    }
    String generated = document.substring(0, begin) + HEAD + rows() + document.substring(end);
    Files.writeString(GENERATED, generated);

    assertThat(document)
        .as("docs/configuration.md; take deploy/standalone/%s for it", GENERATED)
        .isEqualTo(generated);
  }

  private static String rows() throws IOException {
    var rows = new TreeMap<String, String>();
    for (JavaClass type :
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.watershed")) {
      if (!type.isAnnotatedWith(ConfigurationProperties.class)) {
        continue;
      }
      String prefix = type.getAnnotationOfType(ConfigurationProperties.class).value();
      Map<String, String> words = words(type.getName());
      for (Parameter parameter : type.reflect().getDeclaredConstructors()[0].getParameters()) {
        String key = prefix + "." + NameUtils.hyphenate(parameter.getName());
        String otherwise =
            Optional.ofNullable(parameter.getAnnotation(Bindable.class))
                .map(Bindable::defaultValue)
                .filter(value -> !value.isEmpty())
                .map(value -> "`" + value + "`")
                .orElse("");
        assertThat(words).as(type.getName()).containsKey(parameter.getName());
        rows.put(
            key,
            "| `" + key + "` | " + otherwise + " | " + words.get(parameter.getName()) + " |\n");
      }
    }
    assertThat(rows).hasSizeGreaterThan(40);
    return String.join("", rows.values());
  }

  /** By parameter, what a record's Javadoc says of it. */
  private static Map<String, String> words(String type) throws IOException {
    String path = "src/main/java/" + type.replace('.', '/') + ".java";
    Path source;
    try (var modules = Files.walk(PROJECT, 2)) {
      source =
          modules
              .map(module -> module.resolve(path))
              .filter(Files::exists)
              .findFirst()
              .orElseThrow();
    }
    String code = Files.readString(source);
    int end = code.lastIndexOf("*/", code.indexOf("@ConfigurationProperties("));
    String comment =
        code.substring(code.lastIndexOf("/**", end) + 3, end)
            .lines()
            .map(line -> line.replaceFirst("^\\s*\\*\\s?", "").strip())
            .collect(Collectors.joining(" "));
    Map<String, String> words = new TreeMap<>();
    Matcher params = PARAM.matcher(comment);
    while (params.find()) {
      words.put(
          params.group(1),
          params
              .group(2)
              .strip()
              .replaceAll("\\{@code ([^}]*)}", "`$1`")
              .replaceAll("\\{@link #?([^}]*)}", "$1")
              .replace("|", "\\\\|"));
    }
    return words;
  }
}

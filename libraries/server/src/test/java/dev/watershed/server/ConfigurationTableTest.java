package dev.watershed.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.server.ConfigurationTable.Setting;
import io.micronaut.context.env.MapPropertySource;
import io.micronaut.context.env.PropertySource;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ConfigurationTableTest {
  private static PropertySource environment(Map<String, Object> variables) {
    return new MapPropertySource("the environment", variables) {
      @Override
      public PropertyConvention getConvention() {
        return PropertyConvention.ENVIRONMENT_VARIABLE;
      }

      @Override
      public int getOrder() {
        return 1;
      }
    };
  }

  private static List<Setting> settings(PropertySource... sources) {
    return ServiceProcess.configuration(sources);
  }

  @Test
  void of_keySaidTwice_tellsTheLastAndWhereItWasSaid() {
    var settings =
        settings(
            PropertySource.of(
                "settings.yml",
                Map.of("watershed.disk.reserve", "1MiB", "watershed.server.keep-alive", "1m")),
            environment(Map.of("WATERSHED_DISK_RESERVE", "2MiB")));

    assertThat(settings)
        .contains(
            new Setting(
                "watershed.disk.reserve", "2MiB", "environment variable WATERSHED_DISK_RESERVE"),
            new Setting("watershed.server.keep-alive", "1m", "settings.yml"),
            new Setting("watershed.server.tls-certificate", "", "default"))
        .extracting(Setting::key)
        .isSorted()
        .contains("watershed.server.max-request-bytes", "grpc.server.port");
  }

  @Test
  void of_senselessValue_isRefusedAsAtAStart() {
    assertThatThrownBy(
            () -> settings(PropertySource.of("a.yml", Map.of("watershed.disk.reserv", "1MiB"))))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("watershed.disk.reserve");
  }

  @Test
  void of_lists_areOneValue() {
    assertThat(
            settings(
                PropertySource.of(
                    "settings.yml", Map.of("watershed.disk.directories", List.of("/a", "/b")))))
        .contains(new Setting("watershed.disk.directories", "/a,/b", "settings.yml"));
    assertThat(settings(environment(Map.of("WATERSHED_DISK_DIRECTORIES", "/a,/b"))))
        .contains(
            new Setting(
                "watershed.disk.directories",
                "/a,/b",
                "environment variable WATERSHED_DISK_DIRECTORIES"));
  }

  @Test
  void of_databases_hidesWhatIsSecret() {
    var settings =
        settings(
            PropertySource.of(
                "settings.yml",
                Map.of(
                    "datasources.trainer.url",
                    "jdbc:postgresql://host/db?user=me&password=secret1&ssl=true",
                    "datasources.trainer.password",
                    "secret2",
                    "datasources.analysis.url",
                    "jdbc:other://me:secret3@host:5432/db",
                    "datasources.other.url",
                    "jdbc:postgresql://host:5432/db")));

    assertThat(settings)
        .contains(
            new Setting(
                "datasources.trainer.url",
                "jdbc:postgresql://host/db?user=me&password=***&ssl=true",
                "settings.yml"),
            new Setting("datasources.trainer.password", "***", "settings.yml"),
            new Setting("datasources.trainer.username", "", "default"),
            new Setting(
                "datasources.analysis.url", "jdbc:other://me:***@host:5432/db", "settings.yml"),
            new Setting("datasources.other.url", "jdbc:postgresql://host:5432/db", "settings.yml"));
    assertThat(ConfigurationTable.lines(settings)).noneMatch(line -> line.contains("secret"));
  }

  @Test
  void lines_several_standInColumns() {
    assertThat(
            ConfigurationTable.lines(
                List.of(
                    new Setting("a", "long value", "default"),
                    new Setting("a.long.key", "", "command line"))))
        .containsExactly("a           long value  default", "a.long.key              command line");
  }
}

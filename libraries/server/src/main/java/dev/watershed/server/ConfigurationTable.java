package dev.watershed.server;

import io.micronaut.context.ApplicationContext;
import io.micronaut.context.env.PropertySource;
import io.micronaut.context.env.PropertySource.PropertyConvention;
import io.micronaut.core.bind.annotation.Bindable;
import io.micronaut.core.type.Argument;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** What a process is told: each key that it reads, its value, and where that was said. */
public final class ConfigurationTable {
  private static final String DEFAULT = "default";

  /** Of what others than ourselves read, that which people are told to set. */
  private static final List<String> FOREIGN = List.of("grpc.server.host", "grpc.server.port");

  private static final String DATABASES = "datasources";
  private static final List<String> OF_A_DATABASE = List.of("url", "username", "password");

  private static final Pattern SECRET_KEY = Pattern.compile("\\.(password|secret)$");

  /** {@code password=...} in a URL, and {@code //user:...@}; a port after a host is none. */
  private static final Pattern SECRET_IN_URL =
      Pattern.compile("(?i)((?:password|secret|token)=)[^&;@]*|(//[^/:@]*:)[^/@]*(?=@)");

  private ConfigurationTable() {}

  /**
   * A key of the configuration.
   *
   * @param value as text, empty where it is none; what is secret in it is "***"
   * @param source a file, "environment variable NAME", "command line", or "default"
   */
  public record Setting(String key, String value, String source) {}

  /** Returns the keys that a process reads, by name. */
  static List<Setting> of(ApplicationContext context) {
    var settings = new TreeMap<String, Setting>();
    ConfigurationKeys.known(context)
        .forEach((key, argument) -> settings.put(key, setting(context, key, otherwise(argument))));
    for (var key : FOREIGN) {
      settings.put(key, setting(context, key, ""));
    }
    for (var database : context.getEnvironment().getPropertyEntries(DATABASES)) {
      for (var part : OF_A_DATABASE) {
        String key = DATABASES + "." + database + "." + part;
        settings.put(key, setting(context, key, ""));
      }
    }
    return List.copyOf(settings.values());
  }

  /** Returns a line for each, in columns. */
  public static List<String> lines(List<Setting> settings) {
    int keys = settings.stream().mapToInt(setting -> setting.key().length()).max().orElse(0);
    int values = settings.stream().mapToInt(setting -> setting.value().length()).max().orElse(0);
    var lines = new ArrayList<String>();
    for (var setting : settings) {
      lines.add(
          pad(setting.key(), keys) + "  " + pad(setting.value(), values) + "  " + setting.source());
    }
    return lines;
  }

  private static String pad(String text, int width) {
    return text + " ".repeat(width - text.length());
  }

  private static String otherwise(Argument<?> argument) {
    return argument.getAnnotationMetadata().stringValue(Bindable.class, "defaultValue").orElse("");
  }

  private static Setting setting(ApplicationContext context, String key, String otherwise) {
    // The last source that says it is heard.
    var source =
        context.getEnvironment().getPropertySources().stream()
            .flatMap(one -> said(key, one).stream())
            .reduce((earlier, later) -> later);
    return new Setting(
        key,
        masked(key, source.isEmpty() ? otherwise : value(context, key)),
        source.orElse(DEFAULT));
  }

  /** Where a source says a key, if it does. */
  private static Optional<String> said(String key, PropertySource source) {
    if (source.getConvention() == PropertyConvention.ENVIRONMENT_VARIABLE) {
      String variable = ConfigurationKeys.variable(key);
      return names(source).contains(variable)
          ? Optional.of("environment variable " + variable)
          : Optional.empty();
    }
    return names(source).stream().anyMatch(name -> name.replaceFirst("\\[.*", "").equals(key))
        ? Optional.of(source.getName())
        : Optional.empty();
  }

  private static List<String> names(PropertySource source) {
    return StreamSupport.stream(source.spliterator(), false).toList();
  }

  private static String value(ApplicationContext context, String key) {
    Object value = context.getEnvironment().getProperty(key, Object.class).orElse("");
    return value instanceof Collection<?> several
        ? several.stream().map(String::valueOf).collect(Collectors.joining(","))
        : String.valueOf(value);
  }

  private static String masked(String key, String value) {
    if (SECRET_KEY.matcher(key).find()) {
      return value.isEmpty() ? "" : "***";
    }
    return SECRET_IN_URL.matcher(value).replaceAll("$1$2***");
  }
}

package dev.watershed.server;

import dev.watershed.server.ConfigurationTable.Setting;
import io.micronaut.context.ApplicationContext;
import io.micronaut.context.annotation.ConfigurationReader;
import io.micronaut.context.annotation.Context;
import io.micronaut.context.env.PropertySource;
import io.micronaut.context.env.PropertySource.PropertyConvention;
import io.micronaut.core.annotation.Order;
import io.micronaut.core.convert.ConversionContext;
import io.micronaut.core.naming.NameUtils;
import io.micronaut.core.order.Ordered;
import io.micronaut.core.type.Argument;
import io.micronaut.inject.BeanDefinition;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Stops the start of a process whose configuration holds a key of ours that nothing reads, or a
 * value that cannot be read: a misspelt limit is no limit.
 *
 * <p>Environment variables that begin with {@code WATERSHED_} are keys too, except those of the
 * launcher and those that Kubernetes makes of a service of that name.
 */
@Context
@Order(Ordered.HIGHEST_PRECEDENCE)
final class ConfigurationKeys {
  /** A key that a process sets for itself when only its configuration is asked for. */
  static final String SHOW = "process.show-configuration";

  private static final String OURS = "watershed.";
  private static final String OUR_VARIABLES = "WATERSHED_";

  /** A system property that logback.xml reads. */
  private static final String LOG_LEVEL = "watershed.log";

  /** Variables that the launcher, the command line and the tests read themselves. */
  private static final Set<String> LAUNCHER =
      Set.of(
          "WATERSHED_ADDRESS",
          "WATERSHED_DATA",
          "WATERSHED_DEBUG",
          "WATERSHED_JAVA_OPTS",
          "WATERSHED_NO_BUILD",
          "WATERSHED_SHARED",
          "WATERSHED_TLS",
          "WATERSHED_TLS_CA",
          "WATERSHED_TLS_CERT",
          "WATERSHED_TLS_KEY",
          "WATERSHED_TOKEN",
          "WATERSHED_TOKEN_FILE");

  private static final Pattern OF_KUBERNETES =
      Pattern.compile(
          "WATERSHED_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_\\d+_.*)?)");

  /** The source of what a process says of itself: nothing else can say it too. */
  private static final String COMMAND_LINE = "command line";

  private final ApplicationContext context;
  private final Set<String> settled = new HashSet<>();
  private final SortedMap<String, Argument<?>> known;

  ConfigurationKeys(ApplicationContext context) {
    this.context = context;
    this.known = known(context);
    for (var source : context.getEnvironment().getPropertySources()) {
      if (source.getName().equals(COMMAND_LINE)) {
        source.forEach(settled::add);
      }
    }
    for (var source : context.getEnvironment().getPropertySources()) {
      source.forEach(key -> check(key, source));
    }
    if (context.containsProperty(SHOW)) {
      throw new ShownException(ConfigurationTable.of(context));
    }
  }

  /** Ends a start that was for the configuration alone, before anything else is made. */
  static final class ShownException extends RuntimeException {
    private final transient List<Setting> settings;

    private ShownException(List<Setting> settings) {
      this.settings = settings;
    }

    List<Setting> settings() {
      return settings;
    }
  }

  /** Returns the keys of ours that a process reads, with the parameters that they become. */
  static SortedMap<String, Argument<?>> known(ApplicationContext context) {
    var known = new TreeMap<String, Argument<?>>();
    for (BeanDefinition<?> definition : context.getAllBeanDefinitions()) {
      definition
          .stringValue(ConfigurationReader.class, "prefix")
          .filter(prefix -> (prefix + ".").startsWith(OURS))
          .ifPresent(
              prefix -> {
                for (var argument : definition.getConstructor().getArguments()) {
                  known.put(prefix + "." + NameUtils.hyphenate(argument.getName()), argument);
                }
              });
    }
    return known;
  }

  private void check(String key, PropertySource source) {
    if (source.getConvention() == PropertyConvention.ENVIRONMENT_VARIABLE) {
      if (key.startsWith(OUR_VARIABLES)
          && !LAUNCHER.contains(key)
          && !OF_KUBERNETES.matcher(key).matches()) {
        checkVariable(key, source);
      }
      return;
    }
    // A list arrives as key[0], key[1], ...
    String name = NameUtils.hyphenate(key.replaceFirst("\\[.*", ""));
    if (name.startsWith(OURS) && !name.equals(LOG_LEVEL)) {
      var argument = known.get(name);
      if (argument == null) {
        throw unknown("key", key, source.getName(), known.keySet());
      }
      if (!source.getName().equals(COMMAND_LINE)) {
        refuseSettled(name, key, source.getName());
      }
      checkValue(name, argument, key, source.get(key), source.getName());
    }
  }

  private void checkVariable(String variable, PropertySource source) {
    var names = new TreeMap<String, String>();
    known.keySet().forEach(key -> names.put(variable(key), key));
    // So does a list: WATERSHED_DATA_ROOTS_0, ...
    String name = variable.replaceFirst("_\\d+$", "");
    String key = names.containsKey(variable) ? names.get(variable) : names.get(name);
    var argument = key == null ? null : known.get(key);
    if (key == null || argument == null) {
      LAUNCHER.forEach(other -> names.put(other, other));
      throw unknown("environment variable", variable, "", names.keySet());
    }
    refuseSettled(key, variable, "the environment");
    checkValue(key, argument, variable, source.get(variable), "the environment");
  }

  private void refuseSettled(String key, String written, String source) {
    if (settled.contains(key)) {
      throw new ConfigurationException(
          written
              + " (from "
              + source
              + ") cannot take effect: this command sets "
              + key
              + " itself. Remove it, and use the command's options.");
    }
  }

  /** The environment variable that says a key. */
  static String variable(String key) {
    return key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  private static ConfigurationException unknown(
      String kind, String name, String source, Collection<String> known) {
    var nearest = Nearest.hint(name, known);
    return new ConfigurationException(
        "The configuration's "
            + kind
            + " "
            + name
            + (source.isEmpty() ? "" : " (from " + source + ")")
            + " is none that Watershed reads"
            + (nearest.isEmpty() ? "; those are " + String.join(", ", known) + "." : nearest));
  }

  private void checkValue(
      String key, Argument<?> argument, String written, Object value, String source) {
    var type = argument.getType();
    boolean right =
        type == boolean.class
            // Micronaut takes every word that it does not know for false.
            ? Set.of("true", "false").contains(resolved(key, value))
            : context.getEnvironment().getProperty(key, ConversionContext.of(argument)).isPresent();
    if (!right) {
      throw new ConfigurationException(
          written + " (from " + source + ") is '" + value + "'; it must be " + form(type) + ".");
    }
  }

  /** With placeholders filled in. */
  private String resolved(String key, Object value) {
    return context.getEnvironment().getProperty(key, String.class).orElse(value.toString());
  }

  private static String form(Class<?> type) {
    if (type == ByteSize.class) {
      return ByteSize.FORM;
    }
    if (type == Duration.class) {
      return "a time with its unit, for example 500ms, 30s, 5m or 1h";
    }
    if (type == boolean.class) {
      return "true or false";
    }
    if (type == int.class) {
      return "a whole number of at most " + Integer.MAX_VALUE;
    }
    if (type == long.class) {
      return "a whole number";
    }
    if (type.isEnum()) {
      return Arrays.stream(type.getEnumConstants())
          .map(constant -> constant.toString().toLowerCase(Locale.ROOT))
          .collect(Collectors.joining(" or "));
    }
    if (List.class.isAssignableFrom(type)) {
      return "a list, separated by commas";
    }
    return "a " + type.getSimpleName().toLowerCase(Locale.ROOT);
  }
}

package dev.watershed.server;

import io.micronaut.context.ApplicationContext;
import io.micronaut.context.annotation.ConfigurationReader;
import io.micronaut.context.annotation.Context;
import io.micronaut.context.env.PropertySource;
import io.micronaut.core.naming.NameUtils;
import io.micronaut.inject.BeanDefinition;
import java.util.TreeSet;

/**
 * Stops the start of a process whose configuration holds a key of ours that nothing reads: a
 * misspelt limit is no limit. Environment variables are not looked at, since their spelling cannot
 * be told apart from that of other programs.
 */
@Context
final class ConfigurationKeys {
  private static final String OURS = "watershed.";

  ConfigurationKeys(ApplicationContext context) {
    var known = new TreeSet<String>();
    for (BeanDefinition<?> definition : context.getAllBeanDefinitions()) {
      definition
          .stringValue(ConfigurationReader.class, "prefix")
          .filter(prefix -> (prefix + ".").startsWith(OURS))
          .ifPresent(prefix -> addKeys(known, prefix, definition));
    }
    for (var source : context.getEnvironment().getPropertySources()) {
      if (source.getConvention() != PropertySource.PropertyConvention.ENVIRONMENT_VARIABLE) {
        source.forEach(key -> check(key, known, source.getName()));
      }
    }
  }

  private static void addKeys(TreeSet<String> known, String prefix, BeanDefinition<?> definition) {
    for (var argument : definition.getConstructor().getArguments()) {
      known.add(prefix + "." + NameUtils.hyphenate(argument.getName()));
    }
  }

  private static void check(String key, TreeSet<String> known, String source) {
    // A list arrives as key[0], key[1], ...
    String name = NameUtils.hyphenate(key.replaceFirst("\\[.*", ""));
    if (name.startsWith(OURS) && !known.contains(name)) {
      throw new IllegalStateException(
          "Configuration key '"
              + key
              + "' (from "
              + source
              + ") is not known. Known keys: "
              + known);
    }
  }
}

package dev.watershed.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.watershed.server.ByteSize;
import dev.watershed.server.ConfigurationException;
import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import io.micronaut.core.convert.MutableConversionService;
import io.micronaut.core.naming.NameUtils;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** No setting of any service can be a number that makes no sense. */
final class ConfigurationRangesTest {
  /** Sizes cannot be less than nothing, so nothing is what makes no sense. */
  private static final Map<Class<?>, Object> SENSELESS =
      Map.of(
          int.class,
          -1,
          long.class,
          -1L,
          Duration.class,
          Duration.ZERO,
          ByteSize.class,
          new ByteSize(0));

  /** No reserve, no cache, a share of what there is, no port. */
  private static final List<String> MAY_BE_NOTHING =
      List.of(
          "watershed.disk.reserve",
          "watershed.checkpoints.cache-bytes",
          "watershed.eval.memory",
          "watershed.server.health-port",
          "watershed.server.metrics-port");

  record Setting(String key, Constructor<?> constructor, int index) {
    @Override
    public String toString() {
      return key;
    }
  }

  static Stream<Setting> settings() {
    var settings = new ArrayList<Setting>();
    for (JavaClass type :
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.watershed")) {
      if (!type.isAnnotatedWith(ConfigurationProperties.class)) {
        continue;
      }
      String prefix = type.getAnnotationOfType(ConfigurationProperties.class).value();
      Constructor<?> constructor = type.reflect().getDeclaredConstructors()[0];
      constructor.setAccessible(true);
      for (int i = 0; i < constructor.getParameterCount(); i++) {
        String key = prefix + "." + NameUtils.hyphenate(constructor.getParameters()[i].getName());
        if (SENSELESS.containsKey(constructor.getParameterTypes()[i])
            && !MAY_BE_NOTHING.contains(key)) {
          settings.add(new Setting(key, constructor, i));
        }
      }
    }
    assertThat(settings).hasSizeGreaterThan(30);
    return settings.stream();
  }

  @ParameterizedTest
  @MethodSource("settings")
  void start_senselessNumber_isRefusedWithItsKey(Setting setting) throws Exception {
    Object[] values = defaults(setting.constructor());
    assertThat(setting.constructor().newInstance(values)).isNotNull();

    values[setting.index()] =
        SENSELESS.get(setting.constructor().getParameterTypes()[setting.index()]);

    assertThatThrownBy(() -> setting.constructor().newInstance(values))
        .isInstanceOf(InvocationTargetException.class)
        .cause()
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(setting.key() + " is ");
  }

  private static Object[] defaults(Constructor<?> constructor) {
    var conversions = MutableConversionService.create();
    new ByteSize.Reader().register(conversions);
    return Stream.of(constructor.getParameters())
        .map(
            parameter ->
                Optional.<Bindable>ofNullable(parameter.getAnnotation(Bindable.class))
                    .<Object>map(
                        given ->
                            conversions.convertRequired(given.defaultValue(), parameter.getType()))
                    .orElseGet(() -> Path.of("somewhere")))
        .toArray();
  }
}

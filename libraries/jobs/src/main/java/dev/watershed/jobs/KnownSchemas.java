package dev.watershed.jobs;

import dev.watershed.server.ConfigurationException;
import dev.watershed.server.Version;
import io.micronaut.configuration.jdbc.hikari.DatasourceConfiguration;
import io.micronaut.context.BeanContext;
import io.micronaut.context.annotation.Context;
import io.micronaut.flyway.FlywayConfigurationProperties;
import io.micronaut.inject.qualifiers.Qualifiers;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationState;
import org.flywaydb.core.api.MigrationVersion;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops the start of a process one of whose databases a newer version of the program has written,
 * before any of them is opened for use: what this one does not know, it would read wrongly.
 */
@Context
final class KnownSchemas {
  private static final Logger log = LoggerFactory.getLogger(KnownSchemas.class);

  private static final String H2 = "jdbc:h2:";

  KnownSchemas(BeanContext beans, Collection<FlywayConfigurationProperties> databases) {
    for (var database : databases) {
      if (database.isEnabled()) {
        beans
            .findBean(DatasourceConfiguration.class, Qualifiers.byName(database.getNameQualifier()))
            .ifPresent(source -> refuseNewer(database, source));
      }
    }
  }

  private static void refuseNewer(
      FlywayConfigurationProperties database, DatasourceConfiguration source) {
    MigrationInfo[] migrations;
    try {
      migrations =
          Flyway.configure()
              .dataSource(
                  existing(source.getUrl()),
                  source.getConfiguredUsername(),
                  source.getConfiguredPassword())
              .locations(database.getFluentConfiguration().getLocations())
              .load()
              .info()
              .all();
    } catch (FlywayException e) {
      // There is none yet, or it is away: whoever opens it for use tells of that.
      log.debug("The version of the database {} is not known", database.getNameQualifier(), e);
      return;
    }
    var newer = newest(migrations, true);
    if (newer.isPresent()) {
      var known = newest(migrations, false);
      throw new ConfigurationException(
          "The database of the %s (%s) is of version %s, which a newer Watershed has made of it; this one, %s, knows versions up to %s. Nothing was changed. Start the newer one again, or go on with a backup of before, or another database (datasources.%s.url, or serve --data)."
              .formatted(
                  database.getNameQualifier(),
                  source.getUrl().replaceFirst("[;?].*", ""),
                  newer.get(),
                  Version.CURRENT,
                  known.map(MigrationVersion::toString).orElse("0"),
                  database.getNameQualifier()));
    }
  }

  /** Looking at a database that is not there must not make one. */
  private static String existing(String url) {
    return url.startsWith(H2) ? url + ";IFEXISTS=TRUE" : url;
  }

  /**
   * @param ofLater versions of the program, else those that this one has
   */
  private static Optional<MigrationVersion> newest(MigrationInfo[] migrations, boolean ofLater) {
    return Arrays.stream(migrations)
        .filter(migration -> migration.getVersion() != null)
        .filter(migration -> isFuture(migration.getState()) == ofLater)
        .map(MigrationInfo::getVersion)
        .max(Comparator.naturalOrder());
  }

  private static boolean isFuture(MigrationState state) {
    return state == MigrationState.FUTURE_SUCCESS || state == MigrationState.FUTURE_FAILED;
  }
}

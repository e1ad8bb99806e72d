package dev.samspel.database;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.samspel.error.ConfigurationException;
import dev.samspel.error.Unavailable;
import dev.samspel.settings.Settings;
import dev.samspel.settings.Urls;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.sql.Statement;
import java.util.Properties;
import java.util.Set;
import javax.sql.DataSource;

/**
 * The service's schema in the system's Postgres, by a small pool of connections.
 *
 * <p>Whoever uses it gets {@link Unavailable} while the database is away, which callers may retry
 * and subscriptions wait for.
 */
public final class Database implements AutoCloseable {
  private static final int CONNECTIONS = 8;
  private static final int CONNECT_SECONDS = 10;
  private static final int SOCKET_SECONDS = 60; // a database that hangs is one that is away
  private static final long POOL_WAIT_MS = 3_000;
  // SQLSTATE classes: connection, rolled back by the server, no resources, operator, system.
  private static final Set<String> AWAY = Set.of("08", "40", "53", "57", "58");

  private final HikariDataSource pool;

  private Database(HikariDataSource pool) {
    this.pool = pool;
  }

  /**
   * Connects, and makes the schema and what {@code ddl} says, where they are missing.
   *
   * @param ddl statements that may run at every start, such as {@code create table if not exists
   *     …}; instances that start at the same time run them one after the other
   * @throws ConfigurationException where the database does not answer, or refuses
   */
  public static Database open(Settings settings, String... ddl) {
    URI url = settings.databaseUrl();
    String schema = settings.schema();
    Properties properties = properties(url);
    properties.setProperty("ApplicationName", settings.service());
    properties.setProperty("currentSchema", schema);
    properties.setProperty("connectTimeout", String.valueOf(CONNECT_SECONDS));
    properties.setProperty("socketTimeout", String.valueOf(SOCKET_SECONDS));
    properties.setProperty("tcpKeepAlive", "true");
    try (Connection connection = DriverManager.getConnection(jdbcUrl(url), properties)) {
      prepare(connection, schema, ddl);
    } catch (SQLException error) {
      throw new ConfigurationException(
          "Cannot start %s as the Postgres of DATABASE_URL %s cannot be used: %s"
              .formatted(
                  settings.service(),
                  Urls.redact(url.toString()),
                  error.getMessage().replaceAll("\\s+", " ")),
          error);
    }
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(jdbcUrl(url));
    config.setDataSourceProperties(properties);
    config.setPoolName(settings.service());
    config.setMaximumPoolSize(CONNECTIONS);
    config.setMinimumIdle(1);
    config.setConnectionTimeout(POOL_WAIT_MS);
    config.setInitializationFailTimeout(-1); // it answered a moment ago
    return new Database(new HikariDataSource(config));
  }

  /** Work in a transaction. */
  @FunctionalInterface
  public interface Transaction<T> {
    T run(Connection connection) throws SQLException;
  }

  /**
   * Runs in one transaction: committed when it returns, rolled back when it throws.
   *
   * @throws Unavailable where the database is away, or ended the transaction
   */
  public <T> T transaction(Transaction<T> work) {
    try (Connection connection = pool.getConnection()) {
      connection.setAutoCommit(false);
      try {
        T result = work.run(connection);
        connection.commit();
        return result;
      } catch (SQLException | RuntimeException | Error error) {
        rollBack(connection, error);
        throw error;
      }
    } catch (SQLException error) {
      if (isAway(error)) {
        throw new Unavailable("the database does not answer", error);
      }
      throw new IllegalStateException("a statement failed: " + error.getMessage(), error);
    }
  }

  /** The pool, for libraries that want one; its connections have the schema as search path. */
  public DataSource dataSource() {
    return pool;
  }

  @Override
  public void close() {
    pool.close();
  }

  private static void rollBack(Connection connection, Throwable error) {
    try {
      connection.rollback();
    } catch (SQLException lost) { // with its connection the transaction is gone as well
      error.addSuppressed(lost);
    }
  }

  private static boolean isAway(SQLException error) {
    String state = error.getSQLState();
    return error instanceof SQLTransientConnectionException
        || state != null && state.length() == 5 && AWAY.contains(state.substring(0, 2));
  }

  private static void prepare(Connection connection, String schema, String... ddl)
      throws SQLException {
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      // Two instances that make the same at the same time would fail each other.
      statement.execute("select pg_advisory_xact_lock(hashtext('samspel " + schema + "'))");
      statement.execute("create schema if not exists " + schema);
      for (String each : ddl) {
        statement.execute(each);
      }
    }
    connection.commit();
  }

  private static String jdbcUrl(URI url) {
    int port = url.getPort() < 0 ? 5432 : url.getPort();
    String database = url.getRawPath() == null ? "" : url.getRawPath().replaceFirst("^/", "");
    String query = url.getRawQuery() == null ? "" : "?" + url.getRawQuery();
    return "jdbc:postgresql://%s:%d/%s%s".formatted(url.getHost(), port, database, query);
  }

  private static Properties properties(URI url) {
    Properties properties = new Properties();
    if (url.getRawUserInfo() != null) {
      String[] parts = url.getRawUserInfo().split(":", 2);
      properties.setProperty("user", decode(parts[0]));
      if (parts.length == 2) {
        properties.setProperty("password", decode(parts[1]));
      }
    }
    return properties;
  }

  private static String decode(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }
}

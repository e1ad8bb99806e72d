package dev.samspel.messaging;

import dev.samspel.error.ConfigurationException;
import dev.samspel.log.Log;
import dev.samspel.settings.Settings;
import dev.samspel.settings.Urls;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.Consumer;
import io.nats.client.ErrorListener;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamStatusException;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.api.PublishAck;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The connection to NATS, for the life of the process. It reconnects for ever; where the server
 * closed it for good, the next use opens another.
 */
public final class Broker implements AutoCloseable {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration RECONNECT_WAIT = Duration.ofMillis(250);
  private static final Duration FLUSH_TIMEOUT = Duration.ofSeconds(2);
  private static final Log LOG = Log.of(Broker.class);

  private final String service;
  private final String url;
  private final String prefix;
  private Connection connection;
  private volatile boolean established; // a first attempt that fails is an error of its own
  private volatile boolean closing;

  /** Checks the settings; it connects when it is first used. */
  public Broker(Settings settings) {
    this.service = settings.service();
    this.url = settings.natsUrl().toString();
    this.prefix = settings.topicPrefix();
  }

  /** What stands before all streams and subjects. */
  String prefix() {
    return prefix;
  }

  /** The name of the service, as its messages say it. */
  String service() {
    return service;
  }

  /**
   * The live connection, or one that is being restored.
   *
   * @throws ConfigurationException where no server answers
   */
  synchronized Connection connection() throws InterruptedException {
    if (connection == null || connection.getStatus() == Connection.Status.CLOSED) {
      connection = connect();
    }
    return connection;
  }

  boolean connected() throws InterruptedException {
    return connection().getStatus() == Connection.Status.CONNECTED;
  }

  /** Stores a message, and returns when JetStream has it. */
  void store(String subject, Headers headers, byte[] body, Duration timeout)
      throws IOException, InterruptedException {
    Message answer = request(subject, headers, body, timeout);
    try {
      new PublishAck(answer);
    } catch (JetStreamApiException refused) {
      throw new IOException(refused);
    }
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @throws NoAnswer where nobody serves the subject
   */
  Message request(String subject, Headers headers, byte[] body, Duration timeout)
      throws IOException, InterruptedException {
    try {
      return connection()
          .requestWithTimeout(subject, headers, body, timeout)
          .get(timeout.toMillis() + 100, TimeUnit.MILLISECONDS);
    } catch (ExecutionException error) {
      if (error.getCause() instanceof JetStreamStatusException status
          && status.getStatus().getCode() == 503) {
        throw new NoAnswer(subject);
      }
      throw new IOException(error.getCause());
    } catch (TimeoutException | CancellationException late) {
      throw new IOException("NATS did not answer within " + timeout.toMillis() + " ms", late);
    } catch (IllegalStateException closed) {
      throw new IOException(closed);
    }
  }

  /** Nobody serves a subject: its stream is not there. */
  static final class NoAnswer extends IOException {
    private static final long serialVersionUID = 1L;

    NoAnswer(String subject) {
      super("no stream has the subject " + subject);
    }
  }

  /** Sends what is on its way, and closes. */
  @Override
  public synchronized void close() {
    closing = true;
    if (connection == null) {
      return;
    }
    try {
      if (connection.getStatus() == Connection.Status.CONNECTED) {
        connection.flush(FLUSH_TIMEOUT);
      }
      connection.close();
    } catch (TimeoutException late) {
      LOG.warn("acknowledgements may be lost", "reason", late.getMessage());
    } catch (InterruptedException hurried) {
      Thread.currentThread().interrupt();
    }
  }

  private Connection connect() throws InterruptedException {
    Options options =
        new Options.Builder()
            .server(url)
            .connectionName(service)
            .connectionTimeout(CONNECT_TIMEOUT)
            .maxReconnects(-1)
            .reconnectWait(RECONNECT_WAIT)
            .reportNoResponders()
            .connectionListener(this::onEvent)
            .errorListener(new Quiet())
            .build();
    try {
      return Nats.connect(options);
    } catch (IOException error) {
      throw new ConfigurationException(
          "Cannot start %s as no NATS server answers at NATS_URL %s: %s"
              .formatted(service, Urls.redact(url), error.getMessage()),
          error);
    }
  }

  private void onEvent(Connection connection, ConnectionListener.Events event) {
    if (event == ConnectionListener.Events.CONNECTED) {
      established = true;
    } else if (event == ConnectionListener.Events.DISCONNECTED && established && !closing) {
      LOG.warn("NATS connection lost");
    } else if (event == ConnectionListener.Events.RECONNECTED) {
      LOG.info("NATS connection restored");
    }
  }

  /** The library's own listener would log each failed attempt to reconnect. */
  private static final class Quiet implements ErrorListener {
    @Override
    public void errorOccurred(Connection connection, String error) {
      LOG.warn("NATS error", "reason", error);
    }

    @Override
    public void exceptionOccurred(Connection connection, Exception error) {
      LOG.debug("NATS connection failed", "reason", error.toString());
    }

    @Override
    public void slowConsumerDetected(Connection connection, Consumer consumer) {
      LOG.warn("NATS slow consumer");
    }
  }
}

package dev.samspel.registry;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.samspel.settings.Urls;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/** The few calls of Consul's HTTP API that an instance and its callers need. */
public final class Consul {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final Gson GSON = new Gson();
  // An agent is near: no proxy stands between. The client's own threads are daemons.
  private static final HttpClient HTTP =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .proxy(HttpClient.Builder.NO_PROXY)
          .connectTimeout(TIMEOUT)
          .build();

  private final String url;
  private final Optional<String> token;

  /** An agent at {@code url}, such as {@code http://127.0.0.1:8500}. */
  public Consul(URI url, Optional<String> token) {
    this.url = url.toString().replaceFirst("/+$", "");
    this.token = token;
  }

  /** What the agent answered. {@code index} and {@code hash} are empty where it sent none. */
  record Answer(int status, String body, String index, String hash) {
    boolean found() {
      return status != 404;
    }

    JsonElement json() throws ConsulException {
      try {
        return JsonParser.parseString(body);
      } catch (JsonParseException malformed) {
        throw new ConsulException("The registry's answer is no JSON", malformed);
      }
    }
  }

  /** Asks; a 404 is an answer, too. */
  Answer get(String path, Duration timeout) throws ConsulException, InterruptedException {
    return send("GET", path, null, timeout);
  }

  void put(String path, Object json) throws ConsulException, InterruptedException {
    putBytes(path, GSON.toJson(json).getBytes(StandardCharsets.UTF_8));
  }

  /** Puts nothing, and waits no longer than {@code timeout}. */
  void put(String path, Duration timeout) throws ConsulException, InterruptedException {
    send("PUT", path, null, timeout);
  }

  /** Takes a check out; one that is not there is as good. */
  void forgetCheck(String id) throws ConsulException, InterruptedException {
    send("PUT", "/v1/agent/check/deregister/" + encode(id), null, TIMEOUT);
  }

  void putBytes(String path, byte[] body) throws ConsulException, InterruptedException {
    Answer answer = send("PUT", path, body, TIMEOUT);
    if (!answer.found()) {
      throw refused("PUT", path, answer);
    }
  }

  /** The URL as it may be shown. */
  String shown() {
    return Urls.redact(url);
  }

  /** Fit to stand in a path or a query. */
  static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private Answer send(String method, String path, byte[] body, Duration timeout)
      throws ConsulException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url + path))
            .timeout(timeout)
            .method(
                method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
    token.ifPresent(secret -> request.header("X-Consul-Token", secret));
    try {
      HttpResponse<String> response = HTTP.send(request.build(), BodyHandlers.ofString());
      Answer answer =
          new Answer(
              response.statusCode(),
              response.body(),
              response.headers().firstValue("X-Consul-Index").orElse(""),
              response.headers().firstValue("X-Consul-ContentHash").orElse(""));
      if (answer.status() >= 400 && answer.found()) {
        throw refused(method, path, answer);
      }
      return answer;
    } catch (IOException error) {
      String reason =
          error.getMessage() == null ? error.getClass().getSimpleName() : error.getMessage();
      throw new ConsulException(
          "Registry %s does not answer: %s".formatted(shown(), reason), error);
    }
  }

  private ConsulException refused(String method, String path, Answer answer) {
    String reason = answer.body().substring(0, Math.min(500, answer.body().length())).strip();
    return new ConsulException(
        "Registry %s refused %s %s: %d %s"
            .formatted(shown(), method, path.replaceFirst("\\?.*", ""), answer.status(), reason),
        null);
  }
}

package dev.samspel.registry;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** As much of Consul as a test steers: catalog, health, KV; long polls end at each change. */
final class FakeConsul implements AutoCloseable {
  final Map<String, byte[]> kv = new ConcurrentHashMap<>();
  final CopyOnWriteArrayList<String> questions = new CopyOnWriteArrayList<>();
  private final Object changes = new Object();
  private final HttpServer server;
  private String catalog = "{}";
  private String health = "[]";
  private boolean broken;
  private int index = 1;

  FakeConsul() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", this::answer);
    server.start();
  }

  Consul client() {
    return new Consul(url(), Optional.empty());
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** Has instances of `orders.v1.OrderService` at these ports. */
  void serve(boolean secure, int... ports) {
    StringBuilder entries = new StringBuilder();
    for (int port : ports) {
      entries
          .append(entries.isEmpty() ? "" : ",")
          .append(
              """
              {"Node": {"Address": "127.0.0.1"}, "Service": {"ID": "orders-%d", "Service": "orders",
               "Address": "", "Port": %d, "Tags": ["grpc", "orders.v1.OrderService"],
               "Meta": {"secure": "%s", "version": "%d"}}}\
              """
                  .formatted(port, port, secure, port));
    }
    String tags = "[\"grpc\", \"orders.v1.OrderService\"]";
    change(ports.length == 0 ? "{}" : "{\"orders\": " + tags + "}", "[" + entries + "]", false);
  }

  /** Answers nothing but errors from now on. */
  void fail() {
    change(catalog, health, true);
  }

  private void change(String catalog, String health, boolean broken) {
    synchronized (changes) {
      this.catalog = catalog;
      this.health = health;
      this.broken = broken;
      index++;
      changes.notifyAll();
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    String query = String.valueOf(exchange.getRequestURI().getQuery());
    questions.add(path + "?" + query);
    byte[] body = exchange.getRequestBody().readAllBytes();
    if (path.startsWith("/v1/kv/")) {
      kv.putIfAbsent(path.substring("/v1/kv/".length()), body);
      send(exchange, 200, "true");
      return;
    }
    synchronized (changes) {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      while (!broken && query.contains("index=" + index) && System.nanoTime() < end) {
        try {
          changes.wait(1_000);
        } catch (InterruptedException stopped) {
          Thread.currentThread().interrupt();
          return;
        }
      }
      exchange.getResponseHeaders().add("X-Consul-Index", String.valueOf(index));
      send(exchange, broken ? 500 : 200, path.startsWith("/v1/health") ? health : catalog);
    }
  }

  private static void send(HttpExchange exchange, int status, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}

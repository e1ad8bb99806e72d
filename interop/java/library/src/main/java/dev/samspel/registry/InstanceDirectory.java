package dev.samspel.registry;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.samspel.log.Log;
import java.net.URI;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Who serves a proto service, now and from now on (R1).
 *
 * <ol>
 *   <li>One long poll of the catalog says which services have it among their tags, one long poll of
 *       each of these says where its passing instances are. All watchers of the process share them
 *       (R7).
 *   <li>While the registry does not answer, the last good set stands.
 *   <li>A set that becomes empty all at once is doubted for 10 s, in which the last one stands;
 *       they count only while the registry answers (R5).
 * </ol>
 *
 * <p>All state belongs to one thread, {@code state}.
 */
public final class InstanceDirectory {
  private static final long GRACE_MS = 10_000;
  private static final Log LOG = Log.of(InstanceDirectory.class);
  private static final Map<Key, InstanceDirectory> SHARED = new ConcurrentHashMap<>();

  private record Key(URI url, Optional<String> token, String datacenter) {}

  private final Consul consul;
  private final String datacenter;
  private final long graceMs;
  private final ScheduledExecutorService state =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "samspel-directory");
            thread.setDaemon(true);
            return thread;
          });
  private final Map<String, Watched> watches = new ConcurrentHashMap<>();
  private final Map<String, Named> names = new HashMap<>();
  private LongPoll catalogPoll;
  private Map<String, Set<String>> catalog; // null until it is known
  private boolean answers;

  InstanceDirectory(Consul consul, String datacenter, long graceMs) {
    this.consul = consul;
    this.datacenter = datacenter;
    this.graceMs = graceMs;
  }

  /** The process's directory of a registry. {@code datacenter} is empty for the agent's own. */
  public static InstanceDirectory shared(URI url, Optional<String> token, String datacenter) {
    return SHARED.computeIfAbsent(
        new Key(url, token, datacenter),
        key -> new InstanceDirectory(new Consul(url, token), datacenter, GRACE_MS));
  }

  /**
   * The directory that a channel to {@code target} uses, such as {@code
   * consul:///orders.v1.OrderService}.
   */
  public static InstanceDirectory ofTarget(String target) {
    return ConsulTarget.parse(URI.create(target), System.getenv()).directory();
  }

  /** Ends a watch. */
  public interface Watch extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Tells who serves a proto service: as soon as it is known, and after each change. The listener
   * is called in the directory's thread and must not block.
   */
  public Watch watch(String protoService, Consumer<List<Instance>> listener) {
    state.execute(() -> add(protoService, listener));
    return () -> state.execute(() -> remove(protoService, listener));
  }

  /** Whether a watched proto service is known to have an instance now. */
  public boolean hasInstances(String protoService) {
    Watched watched = watches.get(protoService);
    List<Instance> current = watched == null ? null : watched.current;
    return current != null && !current.isEmpty();
  }

  /** A proto service that somebody asked for. */
  private static final class Watched {
    final List<Consumer<List<Instance>>> listeners = new ArrayList<>();
    volatile List<Instance> current; // null until it is known
    ScheduledFuture<?> doubt;
  }

  /** A service of the catalog that has one of them among its tags. */
  private static final class Named {
    LongPoll poll;
    List<Instance> instances; // null until it is known
  }

  private void add(String protoService, Consumer<List<Instance>> listener) {
    Watched watched = watches.computeIfAbsent(protoService, name -> new Watched());
    watched.listeners.add(listener);
    if (watched.current != null) {
      listener.accept(watched.current);
    }
    if (catalogPoll == null) {
      catalogPoll = poll("/v1/catalog/services", body -> catalog = tagsByName(body));
    }
    refresh();
  }

  private void remove(String protoService, Consumer<List<Instance>> listener) {
    Watched watched = watches.get(protoService);
    if (watched == null || !watched.listeners.remove(listener) || !watched.listeners.isEmpty()) {
      return;
    }
    watches.remove(protoService);
    if (watched.doubt != null) {
      watched.doubt.cancel(false);
    }
    if (watches.isEmpty()) {
      catalogPoll.close();
      catalogPoll = null;
      catalog = null;
    }
    refresh();
  }

  private LongPoll poll(String path, Consumer<JsonElement> answered) {
    String place = datacenter.isEmpty() ? "" : "dc=" + Consul.encode(datacenter);
    String question = path + (path.contains("?") ? "&" : "?") + place;
    return new LongPoll(
        consul,
        place.isEmpty() ? path : question,
        new LongPoll.Listener() {
          @Override
          public void answered(JsonElement body) {
            change(
                () -> {
                  if (!answers) {
                    LOG.debug("registry answers", "url", consul.shown());
                  }
                  answers = true;
                  answered.accept(body);
                  refresh();
                });
          }

          @Override
          public void failed(ConsulException error) {
            change(
                () -> {
                  if (answers) {
                    LOG.warn("registry away", "reason", error.getMessage());
                  }
                  answers = false;
                });
          }
        });
  }

  private void change(Runnable change) {
    try {
      state.execute(
          () -> {
            try {
              change.run();
            } catch (RuntimeException malformed) { // an answer that is not Consul's
              LOG.warn(malformed, "registry answer not understood");
            }
          });
    } catch (RejectedExecutionException ending) {
      return; // the process ends
    }
  }

  /** Polls the services that somebody needs and no others, and tells what changed. */
  private void refresh() {
    Set<String> needed = new HashSet<>();
    if (catalog != null) {
      catalog.forEach(
          (name, tags) -> {
            if (watches.keySet().stream().anyMatch(tags::contains)) {
              needed.add(name);
            }
          });
    }
    names
        .entrySet()
        .removeIf(known -> dropUnless(needed.contains(known.getKey()), known.getValue()));
    for (String name : needed) {
      if (!names.containsKey(name)) {
        Named named = new Named();
        names.put(name, named);
        named.poll =
            poll(
                "/v1/health/service/" + Consul.encode(name) + "?passing=1",
                body -> named.instances = instances(body));
      }
    }
    watches.forEach(this::look);
  }

  private static boolean dropUnless(boolean needed, Named named) {
    if (!needed) {
      named.poll.close();
    }
    return !needed;
  }

  private void look(String protoService, Watched watched) {
    if (catalog == null) {
      return;
    }
    List<Instance> found = new ArrayList<>();
    for (Map.Entry<String, Named> known : names.entrySet()) {
      if (!catalog.getOrDefault(known.getKey(), Set.of()).contains(protoService)) {
        continue;
      }
      if (known.getValue().instances == null) {
        return; // its first answer is on its way
      }
      // A service's tags are those of all its instances: each one's own decide.
      known.getValue().instances.stream()
          .filter(instance -> instance.tags().contains(protoService))
          .forEach(found::add);
    }
    found.sort(Comparator.comparing(Instance::id));
    if (found.isEmpty() && watched.current != null && !watched.current.isEmpty()) {
      if (watched.doubt == null) {
        LOG.debug("no instance all at once: doubted", "service", protoService);
        watched.doubt = doubt(watched);
      }
      return;
    }
    if (watched.doubt != null) {
      watched.doubt.cancel(false);
      watched.doubt = null;
    }
    tell(watched, List.copyOf(found));
  }

  private ScheduledFuture<?> doubt(Watched watched) {
    return state.schedule(
        () -> {
          if (answers) {
            watched.doubt = null;
            tell(watched, List.of());
          } else {
            watched.doubt = doubt(watched);
          }
        },
        graceMs,
        TimeUnit.MILLISECONDS);
  }

  private static void tell(Watched watched, List<Instance> found) {
    if (!found.equals(watched.current)) {
      watched.current = found;
      List.copyOf(watched.listeners).forEach(listener -> listener.accept(found));
    }
  }

  private static Map<String, Set<String>> tagsByName(JsonElement body) {
    Map<String, Set<String>> tags = new HashMap<>();
    for (Map.Entry<String, JsonElement> service : body.getAsJsonObject().entrySet()) {
      Set<String> own = new HashSet<>();
      service.getValue().getAsJsonArray().forEach(tag -> own.add(tag.getAsString()));
      tags.put(service.getKey(), own);
    }
    return tags;
  }

  private static List<Instance> instances(JsonElement body) {
    List<Instance> instances = new ArrayList<>();
    for (JsonElement entry : body.getAsJsonArray()) {
      instances.add(Instance.from((JsonObject) entry));
    }
    return instances;
  }
}

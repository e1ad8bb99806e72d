package dev.samspel.registry;

import dev.samspel.log.Log;
import dev.samspel.settings.Backoff;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps an instance in the registry, by the joining contract (R1, R2).
 *
 * <p>It registers for ever: an agent that was away, or forgot the instance, gets it again within
 * seconds (R4). A registry that is away does not stop the service; it is looked for until it is
 * there.
 */
public final class Registration {
  private static final Duration LOOK_TIMEOUT = Duration.ofSeconds(35);
  private static final long LONGEST_PAUSE_MS = 2_000;
  private static final Duration DEREGISTER = Duration.ofSeconds(3);
  private static final Log LOG = Log.of(Registration.class);

  private final Consul consul;
  private final Self self;
  private final Thread keeper = new Thread(this::keep, "samspel-registration");
  private final ReentrantLock registering = new ReentrantLock();
  private final CountDownLatch tried = new CountDownLatch(1);
  private volatile boolean stopping;

  /** Keeps {@code self} in the registry from {@link #start} to {@link #stop}. */
  public Registration(Consul consul, Self self) {
    this.consul = consul;
    this.self = self;
    keeper.setDaemon(true);
  }

  /**
   * This instance, as it presents itself.
   *
   * @param address where callers reach it
   * @param protoServices full names, without health and reflection
   */
  public record Self(
      String service,
      String address,
      int port,
      List<String> protoServices,
      String version,
      String zone,
      DescriptorSet descriptors) {

    /** By what the registry knows it. */
    public String id() {
      return "%s-%s-%d".formatted(service, address, port).replace('.', '-');
    }

    Map<String, Object> registration() {
      String place = address.contains(":") ? "[" + address + "]" : address;
      List<String> tags = new ArrayList<>(List.of("grpc"));
      protoServices.stream().distinct().forEach(tags::add);
      Map<String, String> meta = new LinkedHashMap<>();
      meta.put("samspel_contract", "1");
      meta.put("protocols", "grpc");
      meta.put("version", version);
      meta.put("zone", zone);
      meta.put("lang", "java");
      meta.put("secure", "false");
      meta.put("descriptor_sha256", descriptors.sha256());
      return Map.of(
          "ID", id(),
          "Name", service,
          "Address", address,
          "Port", port,
          "Tags", tags,
          "Meta", meta,
          "Check",
              Map.of(
                  "CheckID", "service:" + id(),
                  "GRPC", place + ":" + port,
                  "Interval", "5s",
                  "Timeout", "2s",
                  "Status", "passing",
                  "DeregisterCriticalServiceAfter", "60s"));
    }
  }

  /**
   * Begins, and returns after the first attempt. The instance must be able to answer, as its check
   * starts as passing.
   */
  public void start() throws InterruptedException {
    keeper.start();
    tried.await();
  }

  /** Takes the instance out within 3 s; where the registry is away, its check does that later. */
  public void stop() throws InterruptedException {
    stopping = true;
    // A registration on its way must not arrive after the deregistration.
    boolean quiet = registering.tryLock(DEREGISTER.toMillis(), TimeUnit.MILLISECONDS);
    keeper.interrupt();
    if (!quiet) {
      LOG.warn("not deregistered", "reason", "the registry does not answer");
      return;
    }
    try {
      consul.put("/v1/agent/service/deregister/" + Consul.encode(self.id()), DEREGISTER);
      LOG.info("deregistered", "id", self.id());
    } catch (ConsulException error) {
      LOG.warn("not deregistered", "reason", error.getMessage());
    } finally {
      registering.unlock();
    }
  }

  private void keep() {
    String hash = null; // null where the agent is not known to have the instance
    int failures = 0;
    try {
      while (!Thread.currentThread().isInterrupted()) {
        try {
          if (hash == null) {
            register(failures > 0);
            tried.countDown();
          }
          hash = look(hash == null ? "" : hash);
          failures = 0;
        } catch (ConsulException error) {
          hash = null;
          failures++;
          tried.countDown();
          if (failures == 1) {
            LOG.warn("registry away", "reason", error.getMessage());
          }
          Thread.sleep(Backoff.after(failures, LONGEST_PAUSE_MS).toMillis());
        }
      }
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private void register(boolean wasAway) throws ConsulException, InterruptedException {
    registering.lockInterruptibly();
    try {
      if (stopping) {
        throw new InterruptedException();
      }
      try {
        self.descriptors().publish(consul);
      } catch (ConsulException error) { // tools do without; callers need the instance
        LOG.warn("descriptors not published", "reason", error.getMessage());
      }
      if (wasAway) {
        // An agent that still knows it has a critical check, which registering alone leaves so.
        consul.forgetCheck("service:" + self.id());
      }
      consul.put("/v1/agent/service/register?replace-existing-checks=true", self.registration());
      LOG.info("registered", "id", self.id());
    } finally {
      registering.unlock();
    }
  }

  /** Waits until the agent's entry changes, or 25 s; the new hash, or null where it is gone. */
  private String look(String hash) throws ConsulException, InterruptedException {
    String path = "/v1/agent/service/" + Consul.encode(self.id());
    Consul.Answer answer =
        consul.get(hash.isEmpty() ? path : path + "?wait=25s&hash=" + hash, LOOK_TIMEOUT);
    if (!answer.found()) {
      return null;
    }
    if (answer.hash().isEmpty()) {
      Thread.sleep(LONGEST_PAUSE_MS); // an agent without hashes: look now and then
    }
    return answer.hash();
  }
}

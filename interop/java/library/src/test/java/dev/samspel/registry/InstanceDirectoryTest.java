package dev.samspel.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class InstanceDirectoryTest {
  private static final long GRACE_MS = 500;
  private static final String ORDERS = "orders.v1.OrderService";

  @Test
  void watchTellsWhoIsThereAndEachChange() throws Exception {
    try (FakeConsul consul = new FakeConsul()) {
      consul.serve(false, 1);
      var told = watch(consul);
      assertEquals(List.of(1), told.take());
      consul.serve(false, 1, 2);
      assertEquals(List.of(1, 2), told.take());
      consul.serve(false, 2);
      assertEquals(List.of(2), told.take());
    }
  }

  @Test
  void watchIsOneQuestionHoweverManyAsk() throws Exception {
    try (FakeConsul consul = new FakeConsul()) {
      consul.serve(false, 1);
      InstanceDirectory directory = new InstanceDirectory(consul.client(), "", GRACE_MS);
      var first = new LinkedBlockingQueue<List<Instance>>();
      var second = new LinkedBlockingQueue<List<Instance>>();
      directory.watch(ORDERS, first::add);
      directory.watch(ORDERS, second::add);
      assertEquals(first.take(), second.take());
      long begun = consul.questions.stream().filter(asked -> !asked.contains("index=")).count();
      assertEquals(2, begun, consul.questions.toString()); // catalog and health, once each
    }
  }

  @Test
  void watchKeepsTheLastGoodSetWhileTheRegistryFails() throws Exception {
    try (FakeConsul consul = new FakeConsul()) {
      consul.serve(false, 1);
      var told = watch(consul);
      assertEquals(List.of(1), told.take());
      consul.fail();
      assertNull(told.poll(1, TimeUnit.SECONDS));
      consul.serve(false, 2);
      assertEquals(List.of(2), told.take());
    }
  }

  @Test
  void watchDoubtsASuddenEmptyAnswerForTheGrace() throws Exception {
    try (FakeConsul consul = new FakeConsul()) {
      consul.serve(false, 1);
      var told = watch(consul);
      assertEquals(List.of(1), told.take());
      long began = System.nanoTime();
      consul.serve(false);
      assertEquals(List.of(), told.take());
      long tookMs = (System.nanoTime() - began) / 1_000_000;
      assertTrue(tookMs >= GRACE_MS, "it was told after " + tookMs + " ms");
    }
  }

  @Test
  void watchNeverMissesAnInstanceThatIsBackWithinTheGrace() throws Exception {
    try (FakeConsul consul = new FakeConsul()) {
      consul.serve(false, 1);
      var told = watch(consul);
      assertEquals(List.of(1), told.take());
      consul.serve(false);
      consul.serve(false, 1);
      assertNull(told.poll(2 * GRACE_MS, TimeUnit.MILLISECONDS));
    }
  }

  private static LinkedBlockingQueue<List<Integer>> watch(FakeConsul consul) {
    var told = new LinkedBlockingQueue<List<Integer>>();
    new InstanceDirectory(consul.client(), "", GRACE_MS)
        .watch(ORDERS, found -> told.add(found.stream().map(Instance::port).toList()));
    return told;
  }
}

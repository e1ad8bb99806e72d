package dev.samspel.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

class BlockingIndexTest {
  @Test
  void nextIsWhatCame() {
    assertEquals("7", BlockingIndex.next(null, "7"));
    assertEquals("8", BlockingIndex.next("7", "8"));
    assertEquals("7", BlockingIndex.next("7", "7"));
  }

  @Test
  void nextBeginsAnewWhenTheIndexGoesBack() {
    assertNull(BlockingIndex.next("8", "7"));
  }

  @Test
  void nextHoldsNumbersBeyondASignedLong() {
    assertEquals(
        "14350325441617796279", BlockingIndex.next("14350325441617796278", "14350325441617796279"));
    assertNull(BlockingIndex.next("14350325441617796279", "9"));
  }

  @Test
  void nextIsNeverZeroNorWhatIsNoNumber() {
    assertNull(BlockingIndex.next("1", "0"));
    assertNull(BlockingIndex.next("1", ""));
    assertNull(BlockingIndex.next("1", "-1"));
  }
}

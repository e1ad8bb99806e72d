package billing;

import java.util.Map;

/** What things cost, in cents. A real shop would ask its catalogue. */
final class Prices {
  private static final long OTHERS = 199;
  private static final Map<String, Long> BY_SKU =
      Map.of(
          "apple", 45L,
          "banana", 30L,
          "cherry", 10L,
          "fig", 80L,
          "mango", 150L,
          "dragonfruit", 499L,
          "quince", 120L,
          "saffron", 2_999L,
          "truffle", 9_900L);

  private Prices() {}

  /** What one of an item costs. */
  static long of(String sku) {
    return BY_SKU.getOrDefault(sku, OTHERS);
  }
}

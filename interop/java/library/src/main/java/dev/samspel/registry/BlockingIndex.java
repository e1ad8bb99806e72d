package dev.samspel.registry;

/**
 * The rules for the index of a long poll (R7): an unsigned 64-bit number, asked for anew when it
 * goes back, and never sent as 0.
 */
final class BlockingIndex {
  private BlockingIndex() {}

  /** The index to ask with next; null to ask without one. */
  static String next(String previous, String received) {
    if (!isUsable(received)) {
      return null;
    }
    boolean goesBack =
        previous != null && Long.compareUnsigned(parse(received), parse(previous)) < 0;
    return goesBack ? null : received;
  }

  private static boolean isUsable(String received) {
    try {
      return parse(received) != 0;
    } catch (NumberFormatException malformed) {
      return false;
    }
  }

  private static long parse(String index) {
    return Long.parseUnsignedLong(index);
  }
}

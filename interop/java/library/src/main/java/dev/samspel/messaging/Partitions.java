package dev.samspel.messaging;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/**
 * Where a key belongs. Every language computes the same: interop/vectors/partitions.json holds them
 * to it.
 */
public final class Partitions {
  /** The number of slices of an entity's ids. */
  public static final int SLICES = 1024;

  private Partitions() {}

  /** The topic partition of an ordering key. */
  public static int partitionOf(String key, int partitions) {
    return (int) (crc32(key) % partitions);
  }

  /** The slice of an entity: one of 1024. */
  public static int sliceOf(String entityId) {
    return (int) (crc32(entityId) % SLICES);
  }

  private static long crc32(String text) {
    CRC32 crc = new CRC32();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    return crc.getValue();
  }
}

package dev.samspel.registry;

import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.Descriptors.FileDescriptor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.GZIPOutputStream;

/**
 * The descriptors of what an instance serves, which stand in the registry so that tools need no
 * proto files (R3).
 */
public final class DescriptorSet {
  private static final int PIECE_BYTES = 512 * 1024;

  private final byte[] packed;
  private final String sha256;

  /** The files, each after its imports. */
  public DescriptorSet(Collection<FileDescriptor> files) {
    Set<FileDescriptor> ordered = new LinkedHashSet<>();
    files.forEach(file -> add(ordered, file));
    FileDescriptorSet.Builder set = FileDescriptorSet.newBuilder();
    ordered.forEach(file -> set.addFile(file.toProto()));
    byte[] bytes = set.build().toByteArray();
    sha256 = sha256(bytes);
    packed = gzip(bytes);
  }

  /** The lower-case hex SHA-256 of the uncompressed set. */
  public String sha256() {
    return sha256;
  }

  /** Writes the set, in pieces where it is large; what is there already stays. */
  void publish(Consul consul) throws ConsulException, InterruptedException {
    String path = "/v1/kv/samspel/descriptors/" + sha256;
    List<byte[]> pieces = pieces(packed);
    if (pieces.isEmpty()) {
      consul.putBytes(path + "?cas=0", packed);
      return;
    }
    for (int piece = 0; piece < pieces.size(); piece++) {
      consul.putBytes(path + "/" + piece + "?cas=0", pieces.get(piece));
    }
    byte[] head = "{\"chunks\":%d}".formatted(pieces.size()).getBytes(StandardCharsets.UTF_8);
    consul.putBytes(path + "?cas=0", head);
  }

  /** What does not fit into one value of the registry, in order; nothing where all fits. */
  static List<byte[]> pieces(byte[] packed) {
    List<byte[]> pieces = new ArrayList<>();
    for (int from = 0; packed.length > PIECE_BYTES && from < packed.length; from += PIECE_BYTES) {
      pieces.add(Arrays.copyOfRange(packed, from, Math.min(packed.length, from + PIECE_BYTES)));
    }
    return pieces;
  }

  private static void add(Set<FileDescriptor> ordered, FileDescriptor file) {
    if (!ordered.contains(file)) {
      file.getDependencies().forEach(imported -> add(ordered, imported));
      ordered.add(file);
    }
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException impossible) { // every Java has it
      throw new IllegalStateException(impossible);
    }
  }

  private static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    } catch (IOException impossible) { // nothing but memory is written
      throw new UncheckedIOException(impossible);
    }
    return out.toByteArray();
  }
}

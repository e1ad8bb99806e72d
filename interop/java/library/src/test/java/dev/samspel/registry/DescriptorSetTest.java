package dev.samspel.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import dev.samspel.Vectors;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import samspel.v1.Errors;
import samspel.v1.Tell;

class DescriptorSetTest {
  @Test
  void publishWritesEveryFileAfterItsImports() throws Exception {
    try (FakeConsul consul = new FakeConsul()) {
      DescriptorSet set = new DescriptorSet(List.of(Tell.getDescriptor(), Errors.getDescriptor()));
      set.publish(consul.client());
      byte[] packed = consul.kv.get("samspel/descriptors/" + set.sha256());
      byte[] bytes = new GZIPInputStream(new ByteArrayInputStream(packed)).readAllBytes();
      List<String> files = new ArrayList<>();
      FileDescriptorSet.parseFrom(bytes).getFileList().forEach(file -> files.add(file.getName()));
      assertEquals(
          List.of(
              "google/protobuf/any.proto",
              "samspel/v1/tell.proto",
              "google/protobuf/duration.proto",
              "samspel/v1/errors.proto"),
          files);
      byte[] digest = java.security.MessageDigest.getInstance("SHA-256").digest(bytes);
      assertEquals(HexFormat.of().formatHex(digest), set.sha256());
    }
  }

  @Test
  void piecesAreThoseOfTheContract() {
    Vectors.list(Vectors.read("descriptors"), "chunks")
        .forEach(
            (about, vector) -> {
              List<Integer> pieces = new ArrayList<>();
              DescriptorSet.pieces(new byte[vector.get("gzipBytes").getAsInt()])
                  .forEach(piece -> pieces.add(piece.length));
              assertEquals(expected(vector), pieces, about);
            });
  }

  private static List<Integer> expected(JsonObject vector) {
    List<Integer> expected = new ArrayList<>();
    if (vector.get("pieces").isJsonArray()) {
      for (JsonElement piece : vector.getAsJsonArray("pieces")) {
        expected.add(piece.getAsInt());
      }
    }
    return expected;
  }
}

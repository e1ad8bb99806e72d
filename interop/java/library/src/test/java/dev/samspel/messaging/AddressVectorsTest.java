package dev.samspel.messaging;

import static dev.samspel.Vectors.list;
import static dev.samspel.Vectors.read;
import static dev.samspel.Vectors.text;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class AddressVectorsTest {
  @Test
  void partitionOfAndSliceOfAreThoseOfEveryLanguage() {
    list(read("partitions"), "vectors")
        .forEach(
            (about, vector) -> {
              String key = text(vector, "key");
              int partition = vector.get("partition").getAsInt();
              assertEquals(partition, Partitions.partitionOf(key, 16), about);
              assertEquals(vector.get("slice").getAsInt(), Partitions.sliceOf(key), about);
            });
  }

  @Test
  void tellsLieWhereEveryLanguageLooksForThem() {
    list(read("tells"), "vectors")
        .forEach(
            (about, vector) -> {
              String service = text(vector, "service");
              String method = text(vector, "method");
              String key = text(vector, "key");
              String id = text(vector, "id");
              String token = TellAddress.token(service, method, key, id);
              assertEquals(text(vector, "stream"), TellAddress.stream(service), about);
              assertEquals(text(vector, "subject"), TellAddress.subjectOf(service, key), about);
              assertEquals(
                  text(vector, "messageId"), TellAddress.messageId(method, key, id), about);
              assertEquals(text(vector, "token"), token, about);
              assertEquals(
                  text(vector, "replySubject"), TellAddress.replySubject(service, token), about);
            });
  }
}

package dev.samspel.messaging;

import static dev.samspel.Vectors.list;
import static dev.samspel.Vectors.read;
import static dev.samspel.Vectors.text;
import static dev.samspel.Vectors.texts;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import io.nats.client.Message;
import io.nats.client.impl.Headers;
import io.nats.client.impl.NatsMessage;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class HeaderVectorsTest {
  private final JsonObject vectors = read("headers");

  @Test
  void encodeMakesEveryValueFitToTravelAndDecodeGivesItBack() {
    list(vectors, "values")
        .forEach(
            (about, vector) -> {
              assertEquals(
                  text(vector, "encoded"), HeaderValues.encode(text(vector, "value")), about);
              assertEquals(
                  text(vector, "value"), HeaderValues.decode(text(vector, "encoded")), about);
            });
  }

  @Test
  void decodeTakesWhatIsNoValidEncodingAsItIs() {
    list(vectors, "decoded")
        .forEach(
            (about, vector) ->
                assertEquals(
                    text(vector, "value"), HeaderValues.decode(text(vector, "encoded")), about));
  }

  @Test
  void headersOfAPublicationAreThoseOfTheContractWhateverTheSenderSays() {
    assertEquals(texts(vectors.getAsJsonObject("message")), asMap(published()));
  }

  @Test
  void readGivesAHandlerNamesInLowerCaseAndDecodedValues() {
    assertEquals(texts(vectors.getAsJsonObject("received")), HeaderValues.read(published()));
  }

  @Test
  void headersOfADeadLetterKeepTheMessagesOwnButNoOrdersToTheServer() {
    JsonObject letter = vectors.getAsJsonObject("deadLetter");
    Message raw =
        NatsMessage.builder().subject(text(letter, "subject")).headers(published()).build();
    Delivery delivery =
        new Delivery(
            raw,
            HeaderValues.read(published()),
            text(letter, "stream"),
            letter.get("sequence").getAsLong(),
            letter.get("attempts").getAsLong());
    Headers headers = DeadLetters.headers(text(letter, "group"), delivery, text(letter, "error"));
    assertEquals(texts(letter.getAsJsonObject("headers")), asMap(headers));
  }

  private Headers published() {
    JsonObject event = vectors.getAsJsonObject("event");
    CloudEvent said =
        new CloudEvent(
            text(event, "service"),
            text(event, "type"),
            text(event, "id"),
            text(event, "key"),
            Instant.parse(text(event, "time")));
    return Publisher.headers(said, texts(event.getAsJsonObject("headers")));
  }

  private static Map<String, String> asMap(Headers headers) {
    Map<String, String> map = new TreeMap<>();
    headers.forEach((name, values) -> map.put(name, String.join(", ", values)));
    return map;
  }
}

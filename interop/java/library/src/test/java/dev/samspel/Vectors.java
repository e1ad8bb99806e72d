package dev.samspel;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** What every language must compute alike: interop/vectors. */
public final class Vectors {
  private Vectors() {}

  public static JsonObject read(String name) {
    Path path = Path.of("../../vectors", name + ".json");
    try {
      return JsonParser.parseString(Files.readString(path)).getAsJsonObject();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  /** The objects of a list, by what each is about, so that a failure names it. */
  public static Map<String, JsonObject> list(JsonObject object, String name) {
    JsonArray array = object.getAsJsonArray(name);
    if (array.isEmpty()) {
      throw new IllegalStateException("no vectors in " + name);
    }
    Map<String, JsonObject> list = new LinkedHashMap<>();
    for (JsonElement each : array) {
      JsonObject vector = each.getAsJsonObject();
      String about = vector.has("about") ? vector.get("about").getAsString() : vector.toString();
      list.put(list.size() + " " + about, vector);
    }
    return list;
  }

  public static String text(JsonObject object, String name) {
    JsonElement value = object.get(name);
    return value == null || value.isJsonNull() ? "" : value.getAsString();
  }

  /** An object whose values are texts. */
  public static Map<String, String> texts(JsonObject object) {
    Map<String, String> texts = new TreeMap<>();
    object.entrySet().forEach(pair -> texts.put(pair.getKey(), pair.getValue().getAsString()));
    return texts;
  }
}

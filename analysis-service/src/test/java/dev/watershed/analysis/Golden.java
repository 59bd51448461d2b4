package dev.watershed.analysis;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.StreamSupport;

/** Expected values made by another implementation (NumPy, SciPy and scikit-learn). */
public final class Golden {
  private Golden() {}

  /** Curves with their gaps, by the definitions. */
  public static List<JsonObject> curves() {
    return objects("curves.json", "curves");
  }

  /** Analytic curves with nested gaps. */
  public static List<JsonObject> analyticCurves() {
    return objects("curves.json", "analytic");
  }

  /** Distance matrices with their clusters. */
  public static List<JsonObject> clusterings() {
    return objects("clustering.json", "cases");
  }

  /** Pairs of distance matrices, with permutations of their models and what follows. */
  public static List<JsonObject> matrixPairs() {
    return resource("/golden/statistics/mantel.json", "matrices");
  }

  /** Expected statistics: the whole of a file such as {@code bootstrap}. */
  public static JsonObject statistics(String name) {
    return whole("/golden/statistics/" + name + ".json");
  }

  /** Objects of an array. */
  public static List<JsonObject> objects(JsonObject object, String key) {
    return StreamSupport.stream(object.getAsJsonArray(key).spliterator(), false)
        .map(element -> element.getAsJsonObject())
        .toList();
  }

  public static double number(JsonObject object, String key) {
    return object.get(key).getAsDouble();
  }

  /** Rows of whole numbers. */
  public static int[][] indices(JsonObject object, String key) {
    return Arrays.stream(matrix(object, key))
        .map(row -> Arrays.stream(row).mapToInt(value -> (int) value).toArray())
        .toArray(int[][]::new);
  }

  public static double[] doubles(JsonObject object, String key) {
    return doubles(object.getAsJsonArray(key));
  }

  public static int[] ints(JsonObject object, String key) {
    return StreamSupport.stream(object.getAsJsonArray(key).spliterator(), false)
        .mapToInt(element -> element.getAsInt())
        .toArray();
  }

  public static double[][] matrix(JsonObject object, String key) {
    return StreamSupport.stream(object.getAsJsonArray(key).spliterator(), false)
        .map(row -> doubles(row.getAsJsonArray()))
        .toArray(double[][]::new);
  }

  private static double[] doubles(JsonArray array) {
    return StreamSupport.stream(array.spliterator(), false)
        .mapToDouble(element -> element.getAsDouble())
        .toArray();
  }

  private static List<JsonObject> objects(String file, String key) {
    return resource("/golden/analysis/" + file, key);
  }

  private static List<JsonObject> resource(String name, String key) {
    return objects(whole(name), key);
  }

  private static JsonObject whole(String name) {
    var resource = Golden.class.getResourceAsStream(name);
    try (var reader =
        new InputStreamReader(Objects.requireNonNull(resource), StandardCharsets.UTF_8)) {
      return JsonParser.parseReader(reader).getAsJsonObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

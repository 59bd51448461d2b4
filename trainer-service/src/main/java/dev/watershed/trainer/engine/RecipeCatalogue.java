package dev.watershed.trainer.engine;

import com.google.common.hash.Hashing;
import com.google.protobuf.TextFormat;
import dev.watershed.server.RefusedException;
import dev.watershed.trainer.v1.ListRecipesResponse;
import dev.watershed.trainer.v1.NamedRecipe;
import dev.watershed.trainer.v1.SeedVariation;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** The recipes known by name, as {@code recipes.textproto} gives them. */
public final class RecipeCatalogue {
  private static final String RESOURCE = "recipes.textproto";

  /** The catalogue that comes with the program; a damaged one stops the start. */
  public static final RecipeCatalogue PUBLISHED = load();

  private final SortedMap<String, NamedRecipe> recipes = new TreeMap<>();

  private RecipeCatalogue(ListRecipesResponse listed) {
    for (var named : listed.getRecipesList()) {
      if (!isComplete(named) || recipes.put(named.getName(), named) != null) {
        throw new IllegalStateException(
            RESOURCE + " has an incomplete recipe or a name twice: \"" + named.getName() + "\"");
      }
    }
  }

  private static boolean isComplete(NamedRecipe named) {
    return !named.getName().isEmpty()
        && !named.getDescription().isEmpty()
        && !named.getSource().isEmpty()
        && named.getSeedVariation() != SeedVariation.SEED_VARIATION_UNSPECIFIED
        && RecipeResolver.missing(named.getRecipe()).isEmpty();
  }

  private static RecipeCatalogue load() {
    try (var file = RecipeCatalogue.class.getResourceAsStream(RESOURCE)) {
      if (file == null) {
        throw new IllegalStateException(RESOURCE + " is missing in the program");
      }
      var listed = ListRecipesResponse.newBuilder();
      TextFormat.merge(new InputStreamReader(file, StandardCharsets.UTF_8), listed);
      return new RecipeCatalogue(listed.build());
    } catch (IOException e) {
      throw new IllegalStateException(RESOURCE + " cannot be read", e);
    }
  }

  /** A digest of all of them: another one where any was added or changed. */
  public String version() {
    var all = ListRecipesResponse.newBuilder().addAllRecipes(recipes.values()).build();
    return Hashing.sha256().hashBytes(all.toByteArray()).toString();
  }

  /** All of them, by name. */
  public List<NamedRecipe> all() {
    return List.copyOf(recipes.values());
  }

  /**
   * Returns the recipe that a spec's is based on.
   *
   * @throws RefusedException listing the names there are
   */
  NamedRecipe get(String name) {
    var named = recipes.get(name);
    if (named == null) {
      throw RefusedException.invalidArgument(
          "RECIPE_UNKNOWN",
          "spec.recipe.based_on",
          "is \"%s\"; there are %s".formatted(name, String.join(", ", recipes.keySet())));
    }
    return named;
  }
}

package dev.watershed.analysis.bootstrap;

import com.google.gson.JsonObject;
import dev.watershed.analysis.Golden;

/** Draws that a golden file spells out. */
final class GoldenDraws {
  private GoldenDraws() {}

  static Draws of(JsonObject golden) {
    return of(Golden.indices(golden, "resample_indices"));
  }

  static Draws of(int[][] indices) {
    return new Draws() {
      @Override
      public int count() {
        return indices.length;
      }

      @Override
      public int size() {
        return indices[0].length;
      }

      @Override
      public int index(int resample, int place) {
        return indices[resample][place];
      }
    };
  }

  /** Losses that stand by example, by alpha. */
  static ExampleCurve curve(JsonObject golden, String losses) {
    var byExample = Golden.matrix(golden, losses);
    var alphas = Golden.doubles(golden, "alphas");
    var byAlpha = new double[alphas.length][byExample.length];
    for (int i = 0; i < byExample.length; i++) {
      for (int a = 0; a < alphas.length; a++) {
        byAlpha[a][i] = byExample[i][a];
      }
    }
    return new ExampleCurve(alphas, byAlpha);
  }
}

package dev.watershed.classifier.model;

import dev.watershed.classifier.checkpoint.Activation;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.text.EncodedExample;

/** The encoder as the papers define it: one example, no padding, plain loops in double. */
public final class NaiveEncoder {
  private final ParameterVector weights;
  private final EncoderConfig config;
  private final String prefix;

  public NaiveEncoder(ParameterVector weights) {
    this.weights = weights;
    this.config = weights.layout().architecture().encoder();
    this.prefix = config.family().hfName() + ".";
  }

  public double[] logits(EncodedExample example) {
    double[] first = encode(example)[0];
    boolean bert = config.family() == Family.BERT;
    double[] pooled = linear(first, bert ? "bert.pooler.dense" : "classifier.dense");
    for (int i = 0; i < pooled.length; i++) {
      pooled[i] = Math.tanh(pooled[i]);
    }
    return linear(pooled, bert ? "classifier" : "classifier.out_proj");
  }

  /** Cross-entropy of predicting {@code original} at {@code token}. */
  public double maskedLoss(EncodedExample example, int token, int original) {
    boolean bert = config.family() == Family.BERT;
    String head = bert ? "cls.predictions.transform" : "lm_head";
    double[] x = linear(encode(example)[token], head + ".dense");
    for (int i = 0; i < x.length; i++) {
      x[i] = activate(x[i], bert ? config.activation() : Activation.GELU);
    }
    x = norm(x, head + (bert ? ".LayerNorm" : ".layer_norm"));
    float[] words = weights.copyOf(prefix + "embeddings.word_embeddings.weight");
    float[] bias = weights.copyOf(bert ? "cls.predictions.bias" : "lm_head.bias");
    var logits = new double[bias.length];
    for (int v = 0; v < logits.length; v++) {
      logits[v] = bias[v];
      for (int i = 0; i < x.length; i++) {
        logits[v] += words[v * x.length + i] * x[i];
      }
    }
    return ClassificationScores.exampleLosses(logits, logits.length, new int[] {original})[0];
  }

  private double[][] encode(EncodedExample example) {
    float[] words = weights.copyOf(prefix + "embeddings.word_embeddings.weight");
    float[] places = weights.copyOf(prefix + "embeddings.position_embeddings.weight");
    float[] types = weights.copyOf(prefix + "embeddings.token_type_embeddings.weight");
    int n = config.hiddenSize();
    var h = new double[example.length()][n];
    int[] positions = positions(example.inputIds());
    for (int t = 0; t < h.length; t++) {
      int place = positions[t];
      for (int i = 0; i < n; i++) {
        h[t][i] =
            (double) words[example.inputIds()[t] * n + i]
                + places[place * n + i]
                + types[example.tokenTypeIds()[t] * n + i];
      }
      h[t] = norm(h[t], prefix + "embeddings.LayerNorm");
    }
    for (int layer = 0; layer < config.layerCount(); layer++) {
      h = layer(h, prefix + "encoder.layer." + layer + ".");
    }
    return h;
  }

  /** As Hugging Face's create_position_ids_from_input_ids has RoBERTa's. */
  private int[] positions(int[] ids) {
    var positions = new int[ids.length];
    int counted = 0;
    for (int t = 0; t < ids.length; t++) {
      if (config.family() != Family.ROBERTA) {
        positions[t] = t;
      } else if (ids[t] == config.padTokenId()) {
        positions[t] = config.padTokenId();
      } else {
        positions[t] = config.padTokenId() + ++counted;
      }
    }
    return positions;
  }

  private double[][] layer(double[][] h, String name) {
    int tokens = h.length;
    var q = new double[tokens][];
    var k = new double[tokens][];
    var v = new double[tokens][];
    for (int t = 0; t < tokens; t++) {
      q[t] = linear(h[t], name + "attention.self.query");
      k[t] = linear(h[t], name + "attention.self.key");
      v[t] = linear(h[t], name + "attention.self.value");
    }
    var out = new double[tokens][];
    for (int t = 0; t < tokens; t++) {
      double[] attended = linear(attend(q[t], k, v), name + "attention.output.dense");
      double[] x = norm(add(h[t], attended), name + "attention.output.LayerNorm");
      double[] inner = linear(x, name + "intermediate.dense");
      for (int i = 0; i < inner.length; i++) {
        inner[i] = activate(inner[i], config.activation());
      }
      out[t] = norm(add(x, linear(inner, name + "output.dense")), name + "output.LayerNorm");
    }
    return out;
  }

  private double[] attend(double[] q, double[][] k, double[][] v) {
    int d = q.length / config.attentionHeadCount();
    var out = new double[q.length];
    for (int head = 0; head < config.attentionHeadCount(); head++) {
      var score = new double[k.length];
      double sum = 0;
      for (int s = 0; s < k.length; s++) {
        for (int i = head * d; i < (head + 1) * d; i++) {
          score[s] += q[i] * k[s][i];
        }
        score[s] = Math.exp(score[s] / Math.sqrt(d));
        sum += score[s];
      }
      for (int s = 0; s < k.length; s++) {
        for (int i = head * d; i < (head + 1) * d; i++) {
          out[i] += score[s] / sum * v[s][i];
        }
      }
    }
    return out;
  }

  private double[] linear(double[] x, String name) {
    float[] weight = weights.copyOf(name + ".weight");
    float[] bias = weights.copyOf(name + ".bias");
    var y = new double[bias.length];
    for (int o = 0; o < y.length; o++) {
      y[o] = bias[o];
      for (int i = 0; i < x.length; i++) {
        y[o] += weight[o * x.length + i] * x[i];
      }
    }
    return y;
  }

  private double[] norm(double[] x, String name) {
    float[] weight = weights.copyOf(name + ".weight");
    float[] bias = weights.copyOf(name + ".bias");
    double mean = 0;
    for (double value : x) {
      mean += value / x.length;
    }
    double variance = 0;
    for (double value : x) {
      variance += (value - mean) * (value - mean) / x.length;
    }
    var y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = (x[i] - mean) / Math.sqrt(variance + config.layerNormEpsilon()) * weight[i] + bias[i];
    }
    return y;
  }

  private static double[] add(double[] a, double[] b) {
    var sum = a.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += b[i];
    }
    return sum;
  }

  private static double activate(double x, Activation activation) {
    return switch (activation) {
      case GELU -> x / 2 * (1 + erf(x / Math.sqrt(2)));
      case GELU_NEW -> x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + .044715 * x * x * x)));
      case RELU -> Math.max(0, x);
    };
  }

  /** By its power series, which is exact enough for the small arguments here. */
  private static double erf(double x) {
    double term = x;
    double sum = x;
    for (int n = 1; n < 200; n++) {
      term *= -x * x / n;
      sum += term / (2 * n + 1);
    }
    return 2 / Math.sqrt(Math.PI) * sum;
  }
}

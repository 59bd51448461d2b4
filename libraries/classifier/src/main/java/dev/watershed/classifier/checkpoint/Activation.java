package dev.watershed.classifier.checkpoint;

/** Activation of the feed-forward layers. */
public enum Activation {
  /** x Phi(x), with the error function. */
  GELU("gelu"),
  /** The tanh approximation of GELU. */
  GELU_NEW("gelu_new"),
  RELU("relu");

  private final String hfName;

  Activation(String hfName) {
    this.hfName = hfName;
  }

  /** Hugging Face's {@code hidden_act}. */
  public String hfName() {
    return hfName;
  }
}

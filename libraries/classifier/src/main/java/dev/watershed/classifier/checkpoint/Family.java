package dev.watershed.classifier.checkpoint;

/** Encoder families that can be read and run. */
public enum Family {
  BERT("bert"),
  ROBERTA("roberta");

  private final String hfName;

  Family(String hfName) {
    this.hfName = hfName;
  }

  /** Hugging Face's {@code model_type}; also the prefix of the encoder's tensor names. */
  public String hfName() {
    return hfName;
  }
}

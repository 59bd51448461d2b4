package dev.watershed.standalone.process;

/**
 * A small input that went wrong in use.
 *
 * @param folder of the shared cases
 * @param body what its user does and must see
 */
record Case(String folder, Body body) {
  /** What a user does. */
  @FunctionalInterface
  interface Body {
    void run(CasesUser user) throws Exception;
  }

  @Override
  public String toString() {
    return folder;
  }
}

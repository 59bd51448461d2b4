package dev.watershed.classifier.text;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A token that is found in a text before anything else is done to it.
 *
 * @param singleWord only where no letter or digit stands beside it
 * @param stripLeft with the spaces before it
 * @param stripRight with the spaces after it
 * @param normalized found in the normalised text, by its own normalised spelling
 * @param special left out by Hugging Face's libraries where tokens become text again; changes
 *     nothing here
 */
record AddedToken(
    int id,
    String content,
    boolean singleWord,
    boolean stripLeft,
    boolean stripRight,
    boolean normalized,
    boolean special) {

  /** One with a role, as Hugging Face adds it where the files do not. */
  static AddedToken special(int id, String content, boolean stripLeft) {
    return new AddedToken(id, content, false, stripLeft, false, false, true);
  }

  /** The same for reading texts: {@code special} says nothing of that. */
  AddedToken asRead(boolean anyNormalizer) {
    return new AddedToken(
        id, content, singleWord, stripLeft, stripRight, normalized && anyNormalizer, true);
  }

  ObjectNode json() {
    return JsonNodeFactory.instance
        .objectNode()
        .put("id", id)
        .put("content", content)
        .put("single_word", singleWord)
        .put("lstrip", stripLeft)
        .put("rstrip", stripRight)
        .put("normalized", normalized)
        .put("special", special);
  }
}

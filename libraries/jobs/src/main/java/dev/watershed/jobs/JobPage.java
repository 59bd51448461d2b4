package dev.watershed.jobs;

import dev.watershed.server.PageToken;
import java.util.List;
import java.util.OptionalLong;

/**
 * Some jobs, oldest first.
 *
 * @param next number of the last one, where more follow
 */
public record JobPage<M>(List<M> items, OptionalLong next) {
  /**
   * Returns after which number a page begins.
   *
   * @param question what was asked, the page aside
   * @throws dev.watershed.server.RefusedException INVALID_ARGUMENT where the token is not one of
   *     ours for this question
   */
  public static long after(String token, String question) {
    return Long.parseLong(PageToken.read(token, question, "0"));
  }

  /** Returns the token of the next page; empty on the last. */
  public String nextToken(String question) {
    return next.isPresent() ? PageToken.write(question, Long.toString(next.getAsLong())) : "";
  }
}

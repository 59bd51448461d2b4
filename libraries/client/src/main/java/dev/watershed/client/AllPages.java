package dev.watershed.client;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Lists that come page by page. */
public final class AllPages {
  private AllPages() {}

  /**
   * Returns all items of a list.
   *
   * @param ask asks for the page behind a token, which is empty for the first
   * @param items those of a page
   * @param next the token of the page behind; empty behind the last
   */
  public static <P, T> List<T> of(
      Function<String, P> ask, Function<P, List<T>> items, Function<P, String> next) {
    List<T> all = new ArrayList<>();
    String token = "";
    do {
      P page = ask.apply(token);
      all.addAll(items.apply(page));
      token = next.apply(page);
    } while (!token.isEmpty());
    return all;
  }
}

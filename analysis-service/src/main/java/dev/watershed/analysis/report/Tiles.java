package dev.watershed.analysis.report;

import static dev.watershed.analysis.report.SelfContainedPage.escaped;

/** The key figures that a page begins with, as HTML. */
final class Tiles {
  private final StringBuilder html = new StringBuilder();

  /**
   * @param unit beside the value, or what else must be said of it; may be empty
   */
  void add(String term, String value, String unit) {
    html.append(
        "<div><dt>%s</dt><dd>%s <small>%s</small></dd></div>"
            .formatted(escaped(term), escaped(value), escaped(unit)));
  }

  String html() {
    return html.toString();
  }
}

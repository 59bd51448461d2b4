package dev.watershed.analysis.report;

import static dev.watershed.analysis.report.SelfContainedPage.escaped;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;

/**
 * A table as HTML. A cell is a {@link Double}, a {@link String} (data, escaped) or {@link Markup}.
 * The numbers of a column have one format, and carry their value for a script that sorts.
 */
final class HtmlTable {
  private static final int DIGITS = 3;

  private final String id;
  private final String caption;
  private final List<Column> columns = new ArrayList<>();
  private final List<List<Object>> rows = new ArrayList<>();
  private boolean sortable;

  private record Column(String name, boolean text) {}

  /**
   * What is HTML already.
   *
   * @param key what a row is sorted by; NaN goes last
   */
  record Markup(String html, double key) {
    Markup(String html) {
      this(html, Double.NaN);
    }
  }

  HtmlTable(String id, String caption) {
    this.id = id;
    this.caption = caption;
  }

  /** Lets the page's script sort by a heading. */
  HtmlTable sortable() {
    sortable = true;
    return this;
  }

  /** A column of numbers. */
  HtmlTable number(String name) {
    columns.add(new Column(name, false));
    return this;
  }

  /** A column of texts. */
  HtmlTable text(String name) {
    columns.add(new Column(name, true));
    return this;
  }

  /** The first cell heads the row. */
  void row(List<Object> cells) {
    rows.add(cells);
  }

  boolean isEmpty() {
    return rows.isEmpty();
  }

  String html() {
    var html = new StringBuilder("<table id=\"" + id + "\"");
    html.append(sortable ? " class=\"sortable\">" : ">");
    html.append("<caption>").append(escaped(caption)).append("</caption><thead><tr>");
    for (var column : columns) {
      html.append("<th scope=\"col\"").append(column.text() ? " class=\"text\">" : ">");
      html.append(escaped(column.name())).append("</th>");
    }
    html.append("</tr></thead><tbody>");
    var formats = new ArrayList<DoubleFunction<String>>();
    for (int c = 0; c < columns.size(); c++) {
      formats.add(format(c));
    }
    for (var row : rows) {
      html.append("<tr>");
      for (int c = 0; c < row.size(); c++) {
        var tag = c == 0 ? "th" : "td";
        html.append('<').append(tag).append(c == 0 ? " scope=\"row\"" : "");
        html.append(c > 0 && columns.get(c).text() ? " class=\"text\"" : "");
        html.append(cell(row.get(c), formats.get(c))).append("</").append(tag).append('>');
      }
      html.append("</tr>");
    }
    return html.append("</tbody></table>").toString();
  }

  private DoubleFunction<String> format(int column) {
    return Shown.format(
        Shown.greatest(
            rows.stream()
                .map(row -> row.get(column))
                .filter(Double.class::isInstance)
                .mapToDouble(Double.class::cast)),
        DIGITS,
        DIGITS);
  }

  private static String cell(Object cell, DoubleFunction<String> format) {
    if (cell instanceof Double number) {
      return key(number) + ">" + format.apply(number);
    }
    return cell instanceof Markup markup
        ? key(markup.key()) + ">" + markup.html()
        : ">" + escaped(cell.toString());
  }

  private static String key(double key) {
    return Double.isNaN(key) ? "" : " data-key=\"" + key + "\"";
  }
}

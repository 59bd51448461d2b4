package dev.watershed.server;

import build.buf.validate.Violation;

/** Writes a violation's field as callers write it: {@code spec.models[1].checkpoint}. */
final class FieldPaths {
  private FieldPaths() {}

  static String render(Violation violation) {
    var path = new StringBuilder();
    for (var element : violation.getField().getElementsList()) {
      if (!path.isEmpty()) {
        path.append('.');
      }
      path.append(element.getFieldName());
      if (element.hasIndex()) {
        path.append('[').append(element.getIndex()).append(']');
      } else if (element.hasStringKey()) {
        path.append("[\"").append(element.getStringKey()).append("\"]");
      }
    }
    return path.toString();
  }
}

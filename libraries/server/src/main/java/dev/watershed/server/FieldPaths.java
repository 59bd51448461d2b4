package dev.watershed.server;

import build.buf.validate.Violation;
import com.google.protobuf.Message;

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

  /** Returns what stands in a violation's field of the message that was checked. */
  static Object value(Message checked, Violation violation) {
    Object found = checked;
    for (var element : violation.getField().getElementsList()) {
      if (!(found instanceof Message holder)) {
        return found;
      }
      var field = holder.getDescriptorForType().findFieldByNumber(element.getFieldNumber());
      found =
          element.hasIndex()
              ? holder.getRepeatedField(field, (int) element.getIndex())
              : holder.getField(field);
    }
    return found;
  }
}

package dev.watershed.server;

import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.List;

/** How much of a list one answer holds. */
public final class Pages {
  /** Most clients take messages of 4 MiB; the rest is for what surrounds the items. */
  public static final int MOST_BYTES = 3 << 20;

  private static final int DEFAULT_SIZE = 100;
  private static final int MOST_ITEMS = 1000;

  private Pages() {}

  /**
   * Returns how many items a page has at most.
   *
   * @param asked 0 for the default; what is too many is taken for the most
   */
  public static int size(int asked) {
    return asked == 0 ? DEFAULT_SIZE : Math.min(asked, MOST_ITEMS);
  }

  /** Returns the first items, as many as fit a message; one at least, where there is one. */
  public static <T extends Message> List<T> fitting(List<T> items) {
    return fitting(items, MOST_BYTES);
  }

  private static <T extends Message> List<T> fitting(List<T> items, int mostBytes) {
    long bytes = 0;
    int count = 0;
    for (var item : items) {
      bytes += item.getSerializedSize();
      if (count > 0 && bytes > mostBytes) {
        break;
      }
      count++;
    }
    return items.subList(0, count);
  }

  /** Returns all items in parts that fit a message each. */
  public static <T extends Message> List<List<T>> parts(List<T> items) {
    return parts(items, MOST_BYTES);
  }

  /** Returns all items in parts of at most so many bytes, or of one item. */
  public static <T extends Message> List<List<T>> parts(List<T> items, int mostBytes) {
    var parts = new ArrayList<List<T>>();
    for (int done = 0; done < items.size(); ) {
      var part = fitting(items.subList(done, items.size()), mostBytes);
      parts.add(part);
      done += part.size();
    }
    return parts;
  }
}

package dev.watershed.classifier.data;

import static dev.watershed.input.InvalidInputException.invalid;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.RandomAccess;

/**
 * A list whose elements lie as bytes outside the heap and are made anew whenever they are asked
 * for: millions of small objects would fill the heap and slow its collector down. The memory is
 * freed when the list is closed, or when nothing reaches it any more. It is filled by one thread;
 * reading is safe from any.
 */
final class StoredList<E> extends AbstractList<E> implements RandomAccess, AutoCloseable {
  /** How elements are written. */
  interface Form<E> {
    byte[] bytes(E element);

    E element(ByteBuffer bytes);
  }

  private static final Cleaner CLEANER = Cleaner.create();
  private static final int FIRST_CHUNK = 1 << 16;
  private static final int LARGEST_CHUNK = 1 << 22;
  private static final int PLACES = 1 << 13;

  private final Form<E> form;
  private final Memory memory;
  private final Cleaner.Cleanable cleanable;
  // Chunk and offset of each element, 8,192 in a segment.
  private final List<MemorySegment> places = new ArrayList<>();
  private final List<MemorySegment> chunks = new ArrayList<>();
  private int nextChunk = FIRST_CHUNK;
  private long end;
  private int size;

  StoredList(Form<E> form, DataMemory memory) {
    this.form = form;
    this.memory = new Memory(memory);
    this.cleanable = CLEANER.register(this, this.memory);
  }

  /**
   * Appends an element.
   *
   * @throws dev.watershed.input.InvalidInputException DATA_TOO_LARGE, DATA_MEMORY_EXHAUSTED
   */
  @Override
  public boolean add(E element) {
    byte[] bytes = form.bytes(element);
    long length = Integer.BYTES + (long) bytes.length;
    if (chunks.isEmpty() || end + length > chunks.getLast().byteSize()) {
      chunks.add(memory.allocate(Math.max(nextChunk, length)));
      nextChunk = Math.min(2 * nextChunk, LARGEST_CHUNK);
      end = 0;
    }
    if (size % PLACES == 0) {
      places.add(memory.allocate((long) PLACES * Long.BYTES));
    }
    MemorySegment chunk = chunks.getLast();
    chunk.set(ValueLayout.JAVA_INT_UNALIGNED, end, bytes.length);
    MemorySegment.copy(bytes, 0, chunk, ValueLayout.JAVA_BYTE, end + Integer.BYTES, bytes.length);
    places
        .getLast()
        .setAtIndex(
            ValueLayout.JAVA_LONG, size % PLACES, (long) (chunks.size() - 1) << Integer.SIZE | end);
    end += length;
    size++;
    return true;
  }

  @Override
  public E get(int index) {
    if (index < 0 || index >= size) {
      throw new IndexOutOfBoundsException(String.format(Locale.ROOT, "%d of %d", index, size));
    }
    long place = places.get(index / PLACES).getAtIndex(ValueLayout.JAVA_LONG, index % PLACES);
    MemorySegment chunk = chunks.get((int) (place >>> Integer.SIZE));
    long offset = place & 0xFFFFFFFFL;
    byte[] bytes = new byte[chunk.get(ValueLayout.JAVA_INT_UNALIGNED, offset)];
    MemorySegment.copy(
        chunk, ValueLayout.JAVA_BYTE, offset + Integer.BYTES, bytes, 0, bytes.length);
    return form.element(ByteBuffer.wrap(bytes));
  }

  @Override
  public int size() {
    return size;
  }

  /** Bytes outside the heap. */
  long bytes() {
    return memory.bytes;
  }

  /** Frees the memory; the elements cannot be read any more. */
  @Override
  public void close() {
    cleanable.clean();
  }

  /** What outlives the list until it is freed. */
  private static final class Memory implements Runnable {
    private final Arena arena = Arena.ofShared();
    private final DataMemory memory;
    private long bytes;

    Memory(DataMemory memory) {
      this.memory = memory;
    }

    MemorySegment allocate(long size) {
      if (bytes + size > memory.datasetBytes() + FIRST_CHUNK) {
        throw invalid(
            "DATA_TOO_LARGE",
            "",
            String.format(
                Locale.ROOT,
                "the rows take more than %d bytes (watershed.data.max-dataset-bytes); keep fewer by filters, labels or a subset, split the data, or raise it",
                memory.datasetBytes()));
      }
      memory.reserve(size);
      bytes += size;
      return arena.allocate(size, Long.BYTES);
    }

    @Override
    public void run() {
      arena.close();
      memory.release(bytes);
    }
  }
}

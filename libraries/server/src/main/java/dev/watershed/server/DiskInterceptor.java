package dev.watershed.server;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import jakarta.inject.Singleton;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Accepts nothing new while a disk is full: methods that create or register are refused before they
 * begin, all others are answered.
 */
@Singleton
final class DiskInterceptor implements RefusingInterceptor {
  private static final Pattern ADDING =
      Pattern.compile("(Batch)?(Create|Register|Upload|Import)[A-Z].*");

  private final DiskSpace disk;

  DiskInterceptor(DiskSpace disk) {
    this.disk = disk;
  }

  @Override
  public Optional<RefusedException> refusal(MethodDescriptor<?, ?> method, Metadata headers) {
    return isAdding(method.getBareMethodName()) ? disk.shortage() : Optional.empty();
  }

  private static boolean isAdding(@Nullable String method) {
    return method != null && ADDING.matcher(method).matches();
  }
}

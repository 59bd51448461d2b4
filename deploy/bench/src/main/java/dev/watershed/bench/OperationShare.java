package dev.watershed.bench;

import dev.watershed.classifier.model.OperationProfile;
import java.util.ArrayList;
import java.util.List;

/**
 * What a kind of operation takes of the time that libtorch's profiler accounts for.
 *
 * @param name libtorch's; "interpreter" for what TorchScript itself takes
 * @param shape of the right factor of a matrix product; else empty
 * @param calls of it
 * @param seconds without the operations that it calls
 * @param share of the seconds of all operations
 */
public record OperationShare(String name, String shape, long calls, double seconds, double share) {
  /** Of all operations, most of the time first; methods of TorchScript are one. */
  static List<OperationShare> of(OperationProfile profile) {
    double accounted = profile.accountedSeconds();
    List<OperationShare> shares = new ArrayList<>();
    long calls = 0;
    double interpreter = 0;
    for (OperationProfile.Operation operation : profile.operations()) {
      if (operation.isMethod()) {
        calls += operation.calls();
        interpreter += operation.ownSeconds();
      } else {
        shares.add(
            new OperationShare(
                operation.name(),
                operation.shape(),
                operation.calls(),
                operation.ownSeconds(),
                operation.ownSeconds() / accounted));
      }
    }
    shares.add(new OperationShare("interpreter", "", calls, interpreter, interpreter / accounted));
    shares.sort((x, y) -> Double.compare(y.seconds(), x.seconds()));
    return shares;
  }
}

package dev.watershed.eval.grpc;

import dev.watershed.classifier.checkpoint.CheckpointManifest;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.FileWork;
import dev.watershed.classifier.checkpoint.IncomingDirectory;
import dev.watershed.classifier.checkpoint.ParameterVector;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Another store, for a test that changes a part of it. */
class ForwardingCheckpointStore implements CheckpointStore {
  private final CheckpointStore store;

  ForwardingCheckpointStore(CheckpointStore store) {
    this.store = store;
  }

  @Override
  public Held hold(String id) throws IOException {
    return store.hold(id);
  }

  @Override
  public void requireWritable() throws IOException {
    store.requireWritable();
  }

  @Override
  public Optional<CheckpointManifest> find(String wanted) throws IOException {
    return store.find(wanted);
  }

  @Override
  public List<CheckpointManifest> list() throws IOException {
    return store.list();
  }

  @Override
  public Optional<String> owner() throws IOException {
    return store.owner();
  }

  @Override
  public String claim(String owner) throws IOException {
    return store.claim(owner);
  }

  @Override
  public void disown() throws IOException {
    store.disown();
  }

  @Override
  public long maxBytes() {
    return store.maxBytes();
  }

  @Override
  public Path place() {
    return store.place();
  }

  @Override
  public CheckpointManifest write(
      String written,
      String trainingRun,
      long step,
      ParameterVector weights,
      List<Path> tokenizerFiles,
      List<String> notices,
      Map<String, String> origin)
      throws IOException {
    return store.write(written, trainingRun, step, weights, tokenizerFiles, notices, origin);
  }

  @Override
  public IncomingDirectory incoming() throws IOException {
    return store.incoming();
  }

  @Override
  public Optional<Removed> remove(String wanted) throws IOException {
    return store.remove(wanted);
  }

  @Override
  public CheckpointManifest put(
      String wanted, String run, long step, Path prepared, Inspection inspection, FileWork work)
      throws IOException {
    return store.put(wanted, run, step, prepared, inspection, work);
  }
}

package dev.watershed.analysis.study;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** What a test of studies has: a database of its own, one evaluator, and a process of the two. */
abstract class ServedStudies {
  Path directory;
  FakeEvaluator evaluator;
  StudyProcess process;

  private final Map<String, Object> configuration;

  /** With the configuration's defaults. */
  ServedStudies() {
    this(Map.of());
  }

  ServedStudies(Map<String, Object> configuration) {
    this.configuration = configuration;
  }

  @BeforeEach
  final void start(@TempDir Path directory) throws IOException {
    this.directory = directory;
    evaluator = new FakeEvaluator();
    startProcess(configuration);
  }

  /** Starts a process, after the test has closed the one before, on the same database. */
  final void startProcess(Map<String, Object> more) throws IOException {
    process = new StudyProcess(directory, evaluator, more);
  }

  @AfterEach
  final void stop() throws InterruptedException {
    evaluator.beforePoint = evaluation -> {};
    process.close();
    evaluator.close();
  }
}

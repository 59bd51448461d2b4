package dev.watershed.standalone.process;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Small inputs that went wrong in use, with what is right for them, through the command line
 * against a packaged server. One server takes them all, so one that it does not survive fails those
 * after it too.
 */
@Tag("shared")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class CasesIT {
  private CasesUser user;
  private ServerProcess server;

  @BeforeAll
  void serve(@TempDir Path temporary) throws Exception {
    String configured = System.getenv("WATERSHED_SHARED");
    Path shared = Path.of(configured == null ? "../../../shared" : configured, "cases");
    assumeTrue(Files.isDirectory(shared), () -> shared + " is absent; set WATERSHED_SHARED");
    Path cases = temporary.resolve("cases");
    CasesUser.copy(shared, cases);
    server = ServerProcess.serve(temporary.resolve("data"), cases);
    user = new CasesUser(cases, server.address());
  }

  @AfterAll
  void stop() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void inputThatWentWrong_isReadOrRefusedAsItShould(Case given) throws Exception {
    given.body().run(user);
    user.run("checkpoints", "list").ends(0); // it lives
  }

  private static Stream<Case> cases() {
    return Stream.of(
            TokenizerCases.all(),
            CheckpointCases.all(),
            LabelCases.all(),
            DataCases.all(),
            TypingCases.all())
        .flatMap(List::stream);
  }
}

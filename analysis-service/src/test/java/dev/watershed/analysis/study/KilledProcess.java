package dev.watershed.analysis.study;

import dev.watershed.analysis.v1.CreateStudyRequest;
import io.micronaut.context.ApplicationContext;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A process that creates a study and tells its name, and then how many points it has stored, a line
 * each. It is meant to be killed.
 */
final class KilledProcess {
  private KilledProcess() {}

  /** Takes the directory of the database and the address of the evaluator. */
  public static void main(String[] arguments) throws Exception {
    var context =
        ApplicationContext.run(StudyProcess.properties(Path.of(arguments[0]), arguments[1]));
    context.getBean(StudyLifecycle.class).start();
    var studies = context.getBean(Studies.class);
    var spec = TestSpecs.spec("left-0", "right-0", "left-1", "right-1", "left-2");
    var name =
        studies.create(CreateStudyRequest.newBuilder().setSpec(spec).build()).study().getName();
    tell(name);
    studies.watch(name, study -> tell(Long.toString(study.getProgress().getCompletedPoints())));
  }

  private static void tell(String line) {
    System.out.write((">" + line + "\n").getBytes(StandardCharsets.UTF_8), 0, line.length() + 2);
    System.out.flush();
  }
}

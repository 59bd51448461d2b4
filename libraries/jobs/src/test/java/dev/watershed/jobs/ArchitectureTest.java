package dev.watershed.jobs;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "dev.watershed.jobs", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {
  @ArchTest
  static final ArchRule KNOWS_NO_KIND_AND_NO_CONTAINER =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.watershed.trainer..",
              "dev.watershed.eval..",
              "dev.watershed.analysis..",
              "dev.watershed.classifier..",
              "io.micronaut..",
              "ai.djl..");

  @ArchTest
  static final ArchRule ENGINE_IN_THE_WORKER_ALONE =
      noClasses()
          .that()
          .haveSimpleNameNotStartingWith("JobWorker")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("com.github.kagkarlsson..");
}

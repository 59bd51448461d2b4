package dev.watershed.server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "dev.watershed.server", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {
  @ArchTest
  static final ArchRule SERVING_KNOWS_NO_MODEL =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.watershed.server.dataset..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.watershed.classifier..", "dev.watershed.server.dataset..")
          .because("the analysis service has no classifier and no libtorch on its class path");

  @ArchTest
  static final ArchRule NO_ENGINE =
      noClasses().should().dependOnClassesThat().resideInAPackage("ai.djl..");

  @ArchTest
  static final ArchRule NO_SERVICE =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.watershed.trainer..", "dev.watershed.eval..", "dev.watershed.analysis..");
}

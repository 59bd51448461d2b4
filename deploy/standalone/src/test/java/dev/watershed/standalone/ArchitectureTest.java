package dev.watershed.standalone;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "dev.watershed.standalone", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {
  @ArchTest
  static final ArchRule ENGINE_IN_THE_CLASSIFIER_ALONE =
      noClasses().should().dependOnClassesThat().resideInAPackage("ai.djl..");

  @ArchTest
  static final ArchRule SERVICES_ARE_REACHED_BY_THEIR_CONTRACTS =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.watershed.standalone.process..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.watershed.trainer.engine..",
              "dev.watershed.trainer.run..",
              "dev.watershed.trainer.store..",
              "dev.watershed.trainer.grpc..",
              "dev.watershed.eval.engine..",
              "dev.watershed.eval.grpc..",
              "dev.watershed.analysis.store..",
              "dev.watershed.analysis.study..",
              "dev.watershed.analysis.grpc..");

  @ArchTest
  static final ArchRule PROCESS_AND_TERMINAL_KNOW_NO_COMMAND =
      noClasses()
          .that()
          .resideInAnyPackage(
              "dev.watershed.standalone.process..", "dev.watershed.standalone.terminal..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.watershed.standalone.command..",
              "dev.watershed.standalone.quickstart..",
              "dev.watershed.standalone.benchmark..");
}

package dev.watershed.eval;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "dev.watershed.eval", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {
  @ArchTest
  static final ArchRule djlOnlyInEngine =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.watershed.eval.engine..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("ai.djl..");

  @ArchTest
  static final ArchRule planIsPure =
      classes()
          .that()
          .resideInAPackage("dev.watershed.eval.plan..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "java..", "org.jspecify..", "dev.watershed.eval.plan..", "dev.watershed.type.v1..");

  @ArchTest
  static final ArchRule engineKnowsNoTransport =
      noClasses()
          .that()
          .resideInAPackage("dev.watershed.eval.engine..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.watershed.eval.grpc..", "dev.watershed.eval.v1..", "io.grpc..");

  @ArchTest
  static final ArchRule noOtherService =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.watershed.trainer..", "dev.watershed.analysis..");
}

package dev.watershed.classifier;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Who may know whom: what a model is must not depend on how it is asked for. */
@AnalyzeClasses(packages = "dev.watershed.classifier", importOptions = DoNotIncludeTests.class)
final class ArchitectureTest {
  @ArchTest
  static final ArchRule NO_TRANSPORT =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.grpc..", "com.google.protobuf..", "dev.watershed.*.v1..")
          .because("generated messages are wire and storage types of the services");

  @ArchTest
  static final ArchRule ENGINE_IN_ITS_ROOMS =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              "..classifier.baseline",
              "..classifier.checkpoint",
              "..classifier.model",
              "..classifier.text")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("ai.djl..")
          .because("data are read and mapped without an engine");

  @ArchTest
  static final ArchRule NO_CYCLES =
      slices().matching("dev.watershed.classifier.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule DIRECTION =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("checkpoint")
          .definedBy("..classifier.checkpoint")
          .layer("text")
          .definedBy("..classifier.text")
          .layer("data")
          .definedBy("..classifier.data")
          .layer("model")
          .definedBy("..classifier.model")
          .layer("baseline")
          .definedBy("..classifier.baseline")
          .whereLayer("baseline")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("model")
          .mayOnlyBeAccessedByLayers("baseline")
          .whereLayer("data")
          .mayOnlyBeAccessedByLayers("model")
          .whereLayer("text")
          .mayOnlyBeAccessedByLayers("data", "model", "baseline");
}

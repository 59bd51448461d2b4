package dev.watershed.trainer;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "dev.watershed.trainer",
    importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
  @ArchTest
  static final ArchRule djlInTheEngineAlone =
      noClasses()
          .that()
          .resideOutsideOfPackage("..trainer.engine..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("ai.djl..");

  @ArchTest
  static final ArchRule modelsRunInTheEngineAlone =
      noClasses()
          .that()
          .resideOutsideOfPackage("..trainer.engine..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.watershed.classifier.model..");

  @ArchTest
  static final ArchRule noOtherService =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.watershed.eval..", "dev.watershed.analysis..");

  @ArchTest
  static final ArchRule sqlInTheStoreAlone =
      noClasses()
          .that()
          .resideOutsideOfPackage("..trainer.store..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("java.sql..");

  @ArchTest
  static final ArchRule engineAndStoreKnowNothingAbove =
      noClasses()
          .that()
          .resideInAnyPackage("..trainer.engine..", "..trainer.store..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("..trainer.run..", "..trainer.grpc..");

  @ArchTest
  static final ArchRule noCycles =
      slices()
          .matching("dev.watershed.trainer.(engine|run|store|grpc)..")
          .should()
          .beFreeOfCycles();
}

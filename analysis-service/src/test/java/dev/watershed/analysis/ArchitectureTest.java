package dev.watershed.analysis;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(
    packages = "dev.watershed.analysis",
    importOptions = ImportOption.DoNotIncludeTests.class)
final class ArchitectureTest {
  private static final String[] PURE = {
    "dev.watershed.analysis.curve..",
    "dev.watershed.analysis.cluster..",
    "dev.watershed.analysis.statistics.."
  };

  @ArchTest
  static final ArchRule numbersKnowNoTransport =
      noClasses()
          .that()
          .resideInAnyPackage(PURE)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.watershed.analysis.v1..",
              "dev.watershed.eval..",
              "dev.watershed.type..",
              "dev.watershed.server..",
              "com.google..",
              "io.grpc..",
              "io.micronaut..",
              "jakarta..");

  @ArchTest
  static final ArchRule numbersKnowNoUser =
      noClasses()
          .that()
          .resideInAnyPackage(PURE)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.watershed.analysis.metric..",
              "dev.watershed.analysis.report..",
              "dev.watershed.analysis.study..",
              "dev.watershed.analysis.store..",
              "dev.watershed.analysis.grpc..");

  @ArchTest
  static final ArchRule analysisRunsNoModel =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("ai.djl..", "dev.watershed.classifier..");

  @ArchTest
  static final ArchRule domainKnowsNoHandler =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.watershed.analysis.grpc..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.watershed.analysis.grpc..");

  @ArchTest
  static final ArchRule servicesKnowEachOtherByContractOnly =
      noClasses()
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("dev.watershed.trainer..", "dev.watershed.eval..")
                  .and(not(resideInAPackage("..v1.."))));
}

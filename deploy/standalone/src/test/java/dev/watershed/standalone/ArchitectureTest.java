package dev.watershed.standalone;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.google.rpc.Status;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import dev.watershed.server.RefusedException;

/**
 * Who may know whom, for all modules at once: {@code deploy -> services -> libraries -> proto}.
 * Drawn in docs/architecture.md.
 */
@AnalyzeClasses(
    packages = "dev.watershed",
    importOptions = {DoNotIncludeTests.class, ArchitectureTest.NoJarsOfTests.class})
final class ArchitectureTest {
  /** What modules lend to the tests of others. */
  static final class NoJarsOfTests implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("-tests.jar");
    }
  }

  private static final String[] CONTRACTS = {"dev.watershed.*.v1.."};

  private static final String[] TRANSPORT = {
    "io.grpc..", "com.google.protobuf..", "com.google.rpc..", "dev.watershed.*.v1.."
  };

  private static final String[] SERVICES = {
    "dev.watershed.trainer.(engine|run|store|grpc)..",
    "dev.watershed.eval.(engine|plan|grpc)..",
    "dev.watershed.analysis.(bootstrap|curve|cluster|statistics|metric|report|study|store|grpc).."
  };

  private static final String[] CLIENT = {
    "dev.watershed.client..", "dev.watershed.cli..", "dev.watershed.input.."
  };

  private static final String[] PURE = {
    "dev.watershed.analysis.curve..",
    "dev.watershed.analysis.cluster..",
    "dev.watershed.analysis.statistics..",
    "dev.watershed.analysis.bootstrap..",
    "dev.watershed.eval.plan.."
  };

  // Libraries.

  @ArchTest
  static final ArchRule INPUT_KNOWS_NOTHING_OF_OURS =
      noClasses()
          .that()
          .resideInAPackage("dev.watershed.input..")
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("dev.watershed..")
                  .and(resideOutsideOfPackages("dev.watershed.input..")))
          .orShould()
          .dependOnClassesThat()
          .resideInAnyPackage(TRANSPORT);

  @ArchTest
  static final ArchRule CLASSIFIER_KNOWS_NO_TRANSPORT =
      noClasses()
          .that()
          .resideInAPackage("dev.watershed.classifier..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(TRANSPORT)
          .because("generated messages are wire and storage types of the services");

  @ArchTest
  static final ArchRule S3_KNOWS_NO_TRANSPORT_NOR_SERVER =
      noClasses()
          .that()
          .resideInAPackage("dev.watershed.s3..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(TRANSPORT)
          .orShould()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.watershed.server..", "io.micronaut..");

  @ArchTest
  static final ArchRule S3_BEHIND_THE_STORE =
      noClasses()
          .that()
          .resideOutsideOfPackages("dev.watershed.s3..", "dev.watershed.server.dataset..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("software.amazon..", "dev.watershed.s3..")
          .because("a service knows a CheckpointStore");

  @ArchTest
  static final ArchRule ENGINE_IN_ITS_ROOMS =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              "dev.watershed.classifier.checkpoint..",
              "dev.watershed.classifier.model..",
              "dev.watershed.classifier.text..",
              "dev.watershed.trainer.engine..",
              "dev.watershed.eval.engine..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("ai.djl..");

  @ArchTest
  static final ArchRule CHECKPOINTS_KNOW_NO_TEXT_NOR_MODEL =
      noClasses()
          .that()
          .resideInAPackage("dev.watershed.classifier.checkpoint..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.watershed.classifier.text..",
              "dev.watershed.classifier.data..",
              "dev.watershed.classifier.model..");

  @ArchTest
  static final ArchRule SERVING_AND_JOBS_KNOW_NO_MODEL =
      noClasses()
          .that()
          .resideInAnyPackage("dev.watershed.server..", "dev.watershed.jobs..")
          .and()
          .resideOutsideOfPackage("dev.watershed.server.dataset..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.watershed.classifier..", "dev.watershed.server.dataset..")
          .because("the analysis service has no classifier and no libtorch on its class path");

  @ArchTest
  static final ArchRule CLIENT_KNOWS_NO_SERVER =
      noClasses()
          .that()
          .resideInAnyPackage(CLIENT)
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("dev.watershed..", "io.micronaut..", "ai.djl..")
                  .and(resideOutsideOfPackages(CLIENT))
                  .and(resideOutsideOfPackages(CONTRACTS)))
          .because("the command line alone is one small file");

  @ArchTest
  static final ArchRule LIBRARIES_KNOW_NO_SERVICE =
      noClasses()
          .that()
          .resideInAnyPackage(
              "dev.watershed.input..",
              "dev.watershed.classifier..",
              "dev.watershed.s3..",
              "dev.watershed.server..",
              "dev.watershed.jobs..",
              "dev.watershed.client..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(SERVICES)
          .orShould()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.watershed.cli..", "dev.watershed.standalone..");

  // Services.

  @ArchTest
  static final ArchRule TRAINER_KNOWS_OTHERS_BY_CONTRACT =
      knowsOthersByContract("trainer", "eval", "analysis");

  @ArchTest
  static final ArchRule EVALUATOR_KNOWS_OTHERS_BY_CONTRACT =
      knowsOthersByContract("eval", "trainer", "analysis");

  @ArchTest
  static final ArchRule ANALYSIS_KNOWS_OTHERS_BY_CONTRACT =
      knowsOthersByContract("analysis", "trainer", "eval");

  private static ArchRule knowsOthersByContract(String service, String one, String other) {
    return noClasses()
        .that()
        .resideInAPackage("dev.watershed." + service + "..")
        .should()
        .dependOnClassesThat(
            resideInAnyPackage("dev.watershed." + one + "..", "dev.watershed." + other + "..")
                .and(resideOutsideOfPackages(CONTRACTS)));
  }

  @ArchTest
  static final ArchRule HANDLERS_ARE_KNOWN_TO_NOBODY_BELOW =
      noClasses()
          .that()
          .resideInAnyPackage(SERVICES)
          .and()
          .resideOutsideOfPackages("dev.watershed.*.grpc..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.watershed.*.grpc..");

  @ArchTest
  static final ArchRule REFUSALS_ARE_VALUES =
      noClasses()
          .that(
              resideInAnyPackage(SERVICES)
                  .or(resideInAnyPackage("dev.watershed.server.dataset.."))
                  .or(type(RefusedException.class)))
          .and()
          .resideOutsideOfPackages("dev.watershed.*.grpc..")
          .and()
          .haveSimpleNameNotEndingWith("StudyCheck") // tells an evaluator's refusal of the study
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("com.google.rpc..", "io.grpc..")
                  .and(not(type(Status.class))) // what a job's row holds of its error
                  .and(not(nameMatching("io\\.grpc\\.Context.*")))) // hears of a call's end
          .because("one place, RefusalStatus, says how a refusal goes over the wire");

  @ArchTest
  static final ArchRule ENGINE_AND_STORE_KNOW_NOTHING_ABOVE =
      noClasses()
          .that()
          .resideInAnyPackage("dev.watershed.trainer.engine..", "dev.watershed.trainer.store..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.watershed.trainer.run..");

  @ArchTest
  static final ArchRule TRAINERS_MODELS_RUN_IN_ITS_ENGINE =
      noClasses()
          .that()
          .resideInAPackage("dev.watershed.trainer..")
          .and()
          .resideOutsideOfPackage("dev.watershed.trainer.engine..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.watershed.classifier.model..");

  @ArchTest
  static final ArchRule EVALUATORS_ENGINE_KNOWS_NO_TRANSPORT =
      noClasses()
          .that()
          .resideInAnyPackage("dev.watershed.eval.engine..", "dev.watershed.eval.plan..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(TRANSPORT)
          .because("eval.grpc turns a call into values of ours");

  @ArchTest
  static final ArchRule ANALYSIS_RUNS_NO_MODEL =
      noClasses()
          .that()
          .resideInAPackage("dev.watershed.analysis..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("dev.watershed.classifier..");

  @ArchTest
  static final ArchRule NUMBERS_ARE_PURE =
      noClasses()
          .that()
          .resideInAnyPackage(PURE)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.watershed.analysis.v1..",
              "dev.watershed.eval.v1..",
              "dev.watershed.trainer.v1..",
              "dev.watershed.server..",
              "dev.watershed.jobs..",
              "dev.watershed.analysis.(metric|report|study|store|grpc)..",
              "dev.watershed.eval.(engine|grpc)..",
              "com.google..",
              "io.grpc..",
              "io.micronaut..",
              "jakarta..");

  @ArchTest
  static final ArchRule STUDIES_FLOW_ONE_WAY =
      layeredArchitecture()
          .consideringOnlyDependenciesInAnyPackage("dev.watershed.analysis..")
          .layer("rpc")
          .definedBy("dev.watershed.analysis.grpc..")
          .layer("jobs")
          .definedBy("dev.watershed.analysis.study")
          .layer("dynamics")
          .definedBy("dev.watershed.analysis.study.dynamics..")
          .layer("comparison")
          .definedBy("dev.watershed.analysis.study.comparison..")
          .layer("planning")
          .definedBy("dev.watershed.analysis.study.planning..")
          .layer("measuring")
          .definedBy("dev.watershed.analysis.study.measuring..")
          .layer("findings")
          .definedBy("dev.watershed.analysis.study.findings..")
          .layer("spec")
          .definedBy("dev.watershed.analysis.study.spec..")
          .whereLayer("jobs")
          .mayOnlyBeAccessedByLayers("rpc", "dynamics", "comparison", "planning")
          .whereLayer("dynamics")
          .mayOnlyBeAccessedByLayers("rpc")
          .whereLayer("comparison")
          .mayOnlyBeAccessedByLayers("rpc", "dynamics")
          .whereLayer("planning")
          .mayOnlyBeAccessedByLayers("rpc")
          .whereLayer("measuring")
          .mayOnlyBeAccessedByLayers("jobs")
          .whereLayer("findings")
          .mayOnlyBeAccessedByLayers("measuring", "dynamics", "comparison", "planning")
          .whereLayer("spec")
          .mayOnlyBeAccessedByLayers("findings", "measuring", "dynamics", "comparison", "jobs");

  @ArchTest
  static final ArchRule SQL_IN_STORES_ALONE =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              "dev.watershed.jobs..",
              "dev.watershed.trainer.store..",
              "dev.watershed.analysis.store..",
              "dev.watershed.standalone.process..",
              "dev.watershed.server..") // turns its exceptions into refusals
          .should()
          .dependOnClassesThat()
          .resideInAPackage("java.sql..");

  // Processes.

  @ArchTest
  static final ArchRule PROCESSES_REACH_SERVICES_BY_CONTRACT =
      noClasses()
          .that()
          .resideInAPackage("dev.watershed.standalone..")
          .and()
          .resideOutsideOfPackage("dev.watershed.standalone.process..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(SERVICES);

  @ArchTest
  static final ArchRule PROCESS_KNOWS_NO_COMMAND =
      noClasses()
          .that()
          .resideInAPackage("dev.watershed.standalone.process..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.watershed.cli..", "dev.watershed.standalone.quickstart..");

  // Everywhere.

  @ArchTest
  static final ArchRule NO_CYCLES =
      slices().matching("dev.watershed.(**)").should().beFreeOfCycles();
}

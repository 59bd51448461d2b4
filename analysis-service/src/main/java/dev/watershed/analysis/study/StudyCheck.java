package dev.watershed.analysis.study;

import com.google.common.collect.ImmutableList;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.PreconditionFailure;
import com.google.rpc.ResourceInfo;
import com.google.rpc.Status;
import dev.watershed.analysis.fleet.EvaluatorConfiguration;
import dev.watershed.analysis.fleet.Lanes;
import dev.watershed.analysis.study.spec.StudyPlan;
import dev.watershed.eval.v1.EvaluateCombinationsRequest;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the evaluator can tell of a study without computing: that models exist and fit each other,
 * that samples can be read, and that their labels mean something to the models.
 */
@Singleton
final class StudyCheck {
  private static final Logger log = LoggerFactory.getLogger(StudyCheck.class);

  /** What the evaluator takes in a call, of either. */
  private static final int MOST_IN_A_CALL = 100;

  /** What no later attempt gets over; anything else says nothing about the study. */
  private static final Set<Code> FINAL =
      EnumSet.of(
          Code.INVALID_ARGUMENT,
          Code.NOT_FOUND,
          Code.FAILED_PRECONDITION,
          Code.PERMISSION_DENIED,
          Code.OUT_OF_RANGE,
          Code.DATA_LOSS);

  /** How the evaluator names the parts of its request. */
  private static final Pattern PART = Pattern.compile("\\b(models|samples)\\[(\\d{1,3})]");

  private final Lanes lanes;
  private final EvaluatorConfiguration configuration;

  StudyCheck(Lanes lanes, EvaluatorConfiguration configuration) {
    this.lanes = lanes;
    this.configuration = configuration;
  }

  /**
   * Models and samples of one call, by index in the study.
   *
   * @param probabilities whether examples must have no more probabilities than are sent
   */
  private record Call(List<Integer> models, List<Integer> samples, boolean probabilities) {
    private Call(List<Integer> models, List<Integer> samples) {
      this(models, samples, false);
    }
  }

  /**
   * Asks about a study.
   *
   * @return what is left unknown, said to people, where the evaluator cannot tell in time
   * @throws StatusRuntimeException the evaluator's refusal, told of the study's fields
   * @throws CancellationException when the caller has gone
   */
  Optional<String> check(StudyPlan plan) {
    var deadline = Deadline.after(configuration.checkDeadline().toMillis(), TimeUnit.MILLISECONDS);
    for (var call : calls(plan)) {
      try {
        var request = request(plan, call);
        lanes.ask(
            deadline, evaluator -> ImmutableList.copyOf(evaluator.evaluateCombinations(request)));
      } catch (StatusRuntimeException e) {
        if (Context.current().isCancelled()) {
          throw new CancellationException("nobody waits for the study any more");
        }
        if (FINAL.contains(e.getStatus().getCode())) {
          throw StatusProto.toStatusRuntimeException(
              ofStudy(
                  StatusProto.fromStatusAndTrailers(e.getStatus(), e.getTrailers()), plan, call));
        }
        log.info("A study is accepted unchecked: the evaluator answered {}", e.getStatus());
        return Optional.of(
            "Whether all models and samples exist and fit each other is not known yet: the"
                + " evaluator did not say so in time ("
                + e.getStatus().getCode()
                + "). The study tries again when it runs, and fails where they do not.");
      }
    }
    return Optional.empty();
  }

  /** The first model is in every call, so that all are compared with it. */
  private static List<Call> calls(StudyPlan plan) {
    var calls = new ArrayList<Call>();
    int samples = plan.samples().size();
    calls.add(
        new Call(
            range(0, Math.min(MOST_IN_A_CALL, plan.modelCount())),
            range(0, Math.min(MOST_IN_A_CALL, samples))));
    if (plan.needsProbabilities()) {
      calls.add(new Call(range(0, 2), range(0, 1), true));
    }
    for (int from = MOST_IN_A_CALL; from < samples; from += MOST_IN_A_CALL) {
      calls.add(new Call(range(0, 2), range(from, Math.min(from + MOST_IN_A_CALL, samples))));
    }
    for (int from = MOST_IN_A_CALL; from < plan.modelCount(); from += MOST_IN_A_CALL - 1) {
      int to = Math.min(from + MOST_IN_A_CALL - 1, plan.modelCount());
      calls.add(
          new Call(
              IntStream.concat(IntStream.of(0), IntStream.range(from, to)).boxed().toList(),
              List.of(0)));
    }
    return calls;
  }

  private static List<Integer> range(int from, int to) {
    return IntStream.range(from, to).boxed().toList();
  }

  private static EvaluateCombinationsRequest request(StudyPlan plan, Call call) {
    var samples = plan.samples();
    return EvaluateCombinationsRequest.newBuilder()
        .addAllModels(call.models().stream().map(plan::checkpoint).toList())
        .addAllSamples(call.samples().stream().map(samples::get).toList())
        .setPrecision(plan.spec().getPrecision())
        .setAllowSlowPrecision(plan.spec().getAllowSlowPrecision())
        .setIncludeExampleProbabilities(call.probabilities())
        .build();
  }

  /** The evaluator's status, told of the study: it always names a field. */
  private static Status ofStudy(Status said, StudyPlan plan, Call call) {
    var status = said.toBuilder().setMessage(told(said.getMessage(), plan, call)).clearDetails();
    var field = PART.matcher(said.getMessage()).results().findFirst().map(part -> said(part, call));
    boolean named = false;
    for (var detail : said.getDetailsList()) {
      try {
        if (detail.is(BadRequest.class)) {
          status.addDetails(Any.pack(told(detail.unpack(BadRequest.class), plan, call)));
          named = true;
          continue;
        }
        if (field.isEmpty()) {
          field = subject(detail).flatMap(name -> field(name, plan));
        }
      } catch (InvalidProtocolBufferException e) {
        log.warn("A detail of the evaluator's status cannot be read", e);
      }
      status.addDetails(detail);
    }
    if (!named) {
      status.addDetails(
          Any.pack(
              BadRequest.newBuilder()
                  .addFieldViolations(
                      BadRequest.FieldViolation.newBuilder()
                          .setField(field.orElse("spec"))
                          .setDescription(status.getMessage()))
                  .build()));
    }
    return status.build();
  }

  private static BadRequest told(BadRequest request, StudyPlan plan, Call call) {
    var told = request.toBuilder();
    for (var violation : told.getFieldViolationsBuilderList()) {
      violation
          .setField(told(violation.getField(), plan, call))
          .setDescription(told(violation.getDescription(), plan, call));
    }
    return told.build();
  }

  private static String told(String text, StudyPlan plan, Call call) {
    var told = PART.matcher(text).replaceAll(part -> Matcher.quoteReplacement(said(part, call)));
    // The size of a sample that grows is that of its first block.
    return plan.growth().isPresent()
        ? told.replace("spec.in_domain.size", "spec.in_domain_growth.first_example_count")
        : told;
  }

  private static String said(MatchResult part, Call call) {
    int index = Integer.parseInt(part.group(2));
    var of = part.group(1).equals("models") ? call.models() : call.samples();
    if (index >= of.size()) {
      return part.group();
    }
    int place = of.get(index);
    if (part.group(1).equals("models")) {
      return "spec.models[" + place + "].checkpoint";
    }
    return place == 0 ? "spec.in_domain" : "spec.diagnostics[" + (place - 1) + "].sample";
  }

  /** The resource that a detail is about. */
  private static Optional<String> subject(Any detail) throws InvalidProtocolBufferException {
    if (detail.is(ResourceInfo.class)) {
      return Optional.of(detail.unpack(ResourceInfo.class).getResourceName());
    }
    return detail.is(PreconditionFailure.class)
        ? detail.unpack(PreconditionFailure.class).getViolationsList().stream()
            .map(PreconditionFailure.Violation::getSubject)
            .findFirst()
        : Optional.empty();
  }

  private static Optional<String> field(String checkpoint, StudyPlan plan) {
    return IntStream.range(0, plan.modelCount())
        .filter(model -> plan.checkpoint(model).equals(checkpoint))
        .mapToObj(model -> "spec.models[" + model + "].checkpoint")
        .findFirst();
  }
}

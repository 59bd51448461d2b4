package dev.watershed.s3;

import dev.watershed.classifier.checkpoint.StoreUnavailableException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** What failures of the AWS SDK mean, as sentences that name the bucket and what helps. */
final class S3Failures {
  private static final Set<String> CREDENTIALS =
      Set.of(
          "InvalidAccessKeyId",
          "SignatureDoesNotMatch",
          "ExpiredToken",
          "InvalidToken",
          "TokenRefreshRequired",
          "RequestTimeTooSkewed");
  private static final Set<String> REGION =
      Set.of(
          "AuthorizationHeaderMalformed",
          "PermanentRedirect",
          "IllegalLocationConstraintException");
  private static final String REGION_KEY = "watershed.checkpoints.s3.region";
  private static final Pattern EXPECTED = Pattern.compile("expecting '([a-z0-9-]+)'");

  private final S3Settings settings;
  private final String region;

  /**
   * @param region that requests are signed for
   */
  S3Failures(S3Settings settings, String region) {
    this.settings = settings;
    this.region = region;
  }

  /**
   * Returns what to throw.
   *
   * @param what was to be done, such as "read watershed.json"
   */
  IOException of(String what, SdkException failure) {
    if (failure instanceof AbortedException) {
      Thread.currentThread().interrupt();
      var interrupted = new InterruptedIOException("interrupted while it was to " + what);
      interrupted.initCause(failure);
      return interrupted;
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      // Not S3's: a file here that could not be read or written.
      if (cause instanceof UncheckedIOException local && local.getCause() != null) {
        return local.getCause();
      }
    }
    return new StoreUnavailableException(
        settings.location() + " cannot be used: " + sentence(what, failure), failure);
  }

  private String sentence(String what, SdkException failure) {
    return failure instanceof S3Exception answer ? answered(what, answer) : unanswered(failure);
  }

  private String answered(String what, S3Exception answer) {
    String code =
        answer.awsErrorDetails() == null || answer.awsErrorDetails().errorCode() == null
            ? ""
            : answer.awsErrorDetails().errorCode();
    String bucket = settings.location().bucket();
    if (code.equals("NoSuchBucket")) {
      return "there is no bucket '%s' at %s. Create it, or correct watershed.checkpoints.root."
          .formatted(bucket, settings.server());
    }
    Optional<String> told = regionTold(answer).filter(there -> !there.equals(region));
    boolean redirected = answer.statusCode() == 301 || answer.statusCode() == 307;
    if (REGION.contains(code) || answer.statusCode() == 301 || (redirected && told.isPresent())) {
      return elsewhere(told, redirected);
    }
    if (CREDENTIALS.contains(code)) {
      return "%s does not accept the credentials (%s). Give valid ones (AWS_ACCESS_KEY_ID and"
              .formatted(settings.server(), code)
          + " AWS_SECRET_ACCESS_KEY, a profile, or a role), and see that the clock is right.";
    }
    if (answer.statusCode() == 403 || answer.statusCode() == 401) {
      return "the credentials may not %s there. They need s3:GetObject and s3:ListBucket, and those of trainers s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload and s3:ListBucketMultipartUploads too."
          .formatted(what);
    }
    return String.format(
        Locale.ROOT,
        "%s answers %d%s to the wish to %s. Try again; if it stays so, its log says why.",
        settings.server(),
        answer.statusCode(),
        code.isEmpty() ? "" : " " + code,
        what);
  }

  /** AWS says it in a header; other servers in the message alone, in AWS's words. */
  private static Optional<String> regionTold(S3Exception answer) {
    AwsErrorDetails details = answer.awsErrorDetails();
    if (details == null) {
      return Optional.empty();
    }
    return Optional.ofNullable(details.sdkHttpResponse())
        .flatMap(response -> response.firstMatchingHeader("x-amz-bucket-region"))
        .or(
            () ->
                Optional.ofNullable(details.errorMessage())
                    .map(EXPECTED::matcher)
                    .filter(Matcher::find)
                    .map(found -> found.group(1)));
  }

  private String elsewhere(Optional<String> told, boolean redirected) {
    String ours;
    if (settings.region() != null) {
      ours = "%s is '%s'".formatted(REGION_KEY, region);
    } else if (settings.endpoint() != null) {
      ours = "%s is not set, which makes it '%s' here".formatted(REGION_KEY, region);
    } else {
      ours = "the AWS SDK found '%s' (AWS_REGION, a profile)".formatted(region);
    }
    return "bucket '%s' is in %s, but %s. Set %s%s%s."
        .formatted(
            settings.location().bucket(),
            told.map("region '%s'"::formatted).orElse("another region, which is not told"),
            ours,
            REGION_KEY,
            told.map(" to '%s'"::formatted).orElse(" to the bucket's"),
            redirected && settings.endpoint() != null
                ? ", and watershed.checkpoints.s3.endpoint to a server there or not at all"
                : "");
  }

  private String unanswered(SdkException failure) {
    String message = String.valueOf(failure.getMessage());
    if (message.contains("Unable to load credentials")) {
      return "no credentials were found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, name a"
          + " profile by AWS_PROFILE, or give the process a role.";
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnknownHostException || cause instanceof ConnectException) {
        return "%s cannot be reached (%s). See that it runs, and that watershed.checkpoints.s3.endpoint and .region name it."
            .formatted(settings.server(), reason(cause));
      }
    }
    return "%s did not answer as it should within %s s (%s). Try again."
        .formatted(settings.server(), settings.timeout().toSeconds(), reason(failure));
  }

  private static String reason(Throwable failure) {
    String message = failure.getMessage();
    return message == null
        ? failure.getClass().getSimpleName()
        : message.lines().findFirst().orElse("").strip();
  }
}

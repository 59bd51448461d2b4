package dev.watershed.s3;

import dev.watershed.classifier.checkpoint.StoreUnavailableException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Set;
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

  private final S3Settings settings;

  S3Failures(S3Settings settings) {
    this.settings = settings;
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
    if (REGION.contains(code) || answer.statusCode() == 301) {
      return "bucket '%s' is in another region%s. Say it by watershed.checkpoints.s3.region."
          .formatted(
              bucket,
              answer.awsErrorDetails() == null || answer.awsErrorDetails().sdkHttpResponse() == null
                  ? ""
                  : answer
                      .awsErrorDetails()
                      .sdkHttpResponse()
                      .firstMatchingHeader("x-amz-bucket-region")
                      .map(region -> " (" + region + ")")
                      .orElse(""));
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

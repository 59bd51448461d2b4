package dev.watershed.s3;

import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.checkpoint.FileWork;
import dev.watershed.classifier.checkpoint.StoreUnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.exception.RetryableException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * The objects below a place in S3, by their names there. Requests are repeated by the AWS SDK; what
 * fails all the same is a {@link StoreUnavailableException}.
 */
final class Bucket implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Bucket.class);

  /** Files up to this go in one request, larger ones in parts of it; both ways. */
  static final long PART_BYTES = 16L << 20;

  private static final int MAX_ATTEMPTS = 5;
  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final Duration SILENCE = Duration.ofSeconds(30);

  /** S3 answers this while another conditional request for the same name is under way. */
  private static final int CONFLICT = 409;

  private static final int MAX_CONFLICTS = 20;
  private static final int PRECONDITION_FAILED = 412;

  private final S3Settings settings;
  private final S3Client client;
  private final S3Failures failures;
  private final Transfers transfers = new Transfers();

  /** An object, whole; compared by nobody. */
  @SuppressWarnings("ArrayRecordComponent")
  record Content(byte[] bytes, String etag) {}

  /** An object in a listing. */
  record Listed(String name, String etag, Instant modified) {}

  /** What a listing found, and the server's time then; null where it does not say. */
  record Listing(List<Listed> objects, @Nullable Instant now) {}

  /**
   * @param credentials null for those that the AWS SDK finds
   */
  Bucket(S3Settings settings, @Nullable AwsCredentialsProvider credentials) throws IOException {
    this.settings = settings;
    Duration attempt = settings.timeout().dividedBy(2);
    var builder =
        S3Client.builder()
            .httpClientBuilder(
                UrlConnectionHttpClient.builder()
                    .connectionTimeout(CONNECT)
                    .socketTimeout(attempt.compareTo(SILENCE) < 0 ? attempt : SILENCE))
            .forcePathStyle(settings.pathStyle())
            .overrideConfiguration(
                override ->
                    override
                        .retryStrategy(
                            AwsRetryStrategy.standardRetryStrategy().toBuilder()
                                .maxAttempts(MAX_ATTEMPTS)
                                .build())
                        .apiCallTimeout(settings.timeout())
                        .apiCallAttemptTimeout(attempt));
    if (credentials != null) {
      builder.credentialsProvider(credentials);
    }
    if (settings.endpoint() != null) {
      builder.endpointOverride(settings.endpoint());
    }
    String region = settings.region();
    if (region != null) {
      builder.region(Region.of(region));
    } else if (settings.endpoint() != null) {
      builder.region(Region.US_EAST_1); // a name in signatures that other servers do not look at
    }
    try {
      this.client = builder.build();
    } catch (SdkClientException e) {
      throw new StoreUnavailableException(
          settings.location()
              + " cannot be used: its region is not known. Say it by"
              + " watershed.checkpoints.s3.region, or AWS_REGION.",
          e);
    }
    this.failures = new S3Failures(settings, client.serviceClientConfiguration().region().id());
  }

  Transfers transfers() {
    return transfers;
  }

  private <T> T call(String what, Supplier<T> request) throws IOException {
    try {
      return request.get();
    } catch (SdkException e) {
      throw failures.of(what, e);
    }
  }

  private static boolean isMissing(S3Exception e) {
    return e.statusCode() == 404
        && (e.awsErrorDetails() == null || !"NoSuchBucket".equals(e.awsErrorDetails().errorCode()));
  }

  /**
   * Reads a small object.
   *
   * @param most bytes of it that are read; one more is, where it is larger
   */
  Optional<Content> get(String name, int most) throws IOException {
    String key = settings.location().key(name);
    return call(
        "read " + name,
        () -> {
          try {
            return Optional.of(
                client.getObject(
                    request(key, null),
                    (response, in) -> new Content(whole(response, in, most), response.eTag())));
          } catch (S3Exception e) {
            if (isMissing(e)) {
              return Optional.<Content>empty();
            }
            throw e;
          }
        });
  }

  private GetObjectRequest request(String key, @Nullable String range) {
    return GetObjectRequest.builder()
        .bucket(settings.location().bucket())
        .key(key)
        .range(range)
        .build();
  }

  private static byte[] whole(GetObjectResponse response, InputStream in, int most) {
    byte[] bytes;
    try {
      bytes = in.readNBytes(most + 1);
    } catch (IOException e) {
      throw RetryableException.create("the answer broke off", e);
    }
    Long said = response.contentLength();
    if (said != null && bytes.length < Math.min(said, most)) {
      throw RetryableException.create(
          "the answer ended after " + bytes.length + " of " + said + " bytes");
    }
    return bytes;
  }

  /**
   * Reads bytes of an object into the same place of a file.
   *
   * @return whether the object is there
   */
  boolean read(String name, long offset, long length, Path file) throws IOException {
    String key = settings.location().key(name);
    String range = "bytes=" + offset + "-" + (offset + length - 1);
    return call(
        "read " + name,
        () -> {
          try {
            return client.getObject(
                request(key, range),
                (response, in) -> {
                  copy(response, in, offset, length, file);
                  return true;
                });
          } catch (S3Exception e) {
            if (isMissing(e)) {
              return false;
            }
            throw e;
          }
        });
  }

  private static void copy(
      GetObjectResponse response, InputStream in, long offset, long length, Path file) {
    Long said = response.contentLength();
    if (said != null && said != length) {
      throw RetryableException.create(
          "the answer has " + said + " bytes where " + length + " were asked for");
    }
    byte[] block = new byte[1 << 16];
    long end = offset + length;
    // A channel of its own: an interrupt closes it, and another piece of the file goes on.
    try (FileChannel out = FileChannel.open(file, StandardOpenOption.WRITE)) {
      for (long at = offset; at < end; ) {
        int read = readSome(in, block, (int) Math.min(block.length, end - at));
        if (read < 0) {
          throw RetryableException.create(
              "the answer ended after " + (at - offset) + " of " + length + " bytes");
        }
        for (var bytes = ByteBuffer.wrap(block, 0, read); bytes.hasRemaining(); ) {
          at += out.write(bytes, at);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int readSome(InputStream in, byte[] block, int most) {
    try {
      return in.read(block, 0, most);
    } catch (IOException e) {
      throw RetryableException.create("the answer broke off", e);
    }
  }

  /**
   * Makes a small object unless there is one.
   *
   * @return whether it was made now. After a repetition that may be said of one that this call made
   *     itself, and after a failure one may be made: who needs to know looks at what is there
   */
  boolean create(String name, byte[] content) throws IOException {
    String key = settings.location().key(name);
    return call("write " + name, () -> create(key, content, 0));
  }

  private boolean create(String key, byte[] content, int conflicts) {
    try {
      var unused =
          client.putObject(
              request ->
                  request
                      .bucket(settings.location().bucket())
                      .key(key)
                      .ifNoneMatch("*")
                      .contentType("application/json"),
              RequestBody.fromBytes(content));
      return true;
    } catch (S3Exception e) {
      if (e.statusCode() == PRECONDITION_FAILED) {
        return false;
      }
      if (e.statusCode() == CONFLICT && conflicts < MAX_CONFLICTS) {
        return create(key, content, conflicts + 1);
      }
      throw e;
    }
  }

  /** Writes a file, which is checked against its digest or its parts' checksums there. */
  void upload(String name, Path file, Digest digest, FileWork work) throws IOException {
    work.throwIfUnwanted();
    String key = settings.location().key(name);
    if (digest.sizeBytes() > PART_BYTES) {
      uploadParts(name, key, file, digest.sizeBytes(), work);
      return;
    }
    String sha256 = Base64.getEncoder().encodeToString(HexFormat.of().parseHex(digest.sha256()));
    call(
        "write " + name,
        () ->
            client.putObject(
                request ->
                    request.bucket(settings.location().bucket()).key(key).checksumSHA256(sha256),
                RequestBody.fromFile(file)));
  }

  private void uploadParts(String name, String key, Path file, long size, FileWork work)
      throws IOException {
    String bucket = settings.location().bucket();
    String upload =
        call("write " + name, () -> client.createMultipartUpload(r -> r.bucket(bucket).key(key)))
            .uploadId();
    try {
      var pieces = new ArrayList<Transfers.Piece<CompletedPart>>();
      for (long offset = 0; offset < size; offset += PART_BYTES) {
        long from = offset;
        long length = Math.min(PART_BYTES, size - from);
        int number = (int) (from / PART_BYTES) + 1;
        pieces.add(
            () -> call("write " + name, () -> uploadPart(key, upload, number, file, from, length)));
      }
      List<CompletedPart> parts = transfers.all(pieces, work);
      call("write " + name, () -> complete(key, upload, parts, size));
    } catch (Throwable e) {
      abort(key, upload);
      throw e;
    }
  }

  private CompletedPart uploadPart(
      String key, String upload, int number, Path file, long offset, long length) {
    var part =
        client.uploadPart(
            request ->
                request
                    .bucket(settings.location().bucket())
                    .key(key)
                    .uploadId(upload)
                    .partNumber(number),
            RequestBody.fromContentProvider(
                () -> {
                  try {
                    return FileRegion.open(file, offset, length);
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                },
                length,
                "application/octet-stream"));
    return CompletedPart.builder()
        .partNumber(number)
        .eTag(part.eTag())
        .checksumCRC32(part.checksumCRC32())
        .build();
  }

  private boolean complete(String key, String upload, List<CompletedPart> parts, long size) {
    String bucket = settings.location().bucket();
    try {
      var unused =
          client.completeMultipartUpload(
              request ->
                  request
                      .bucket(bucket)
                      .key(key)
                      .uploadId(upload)
                      .multipartUpload(all -> all.parts(parts)));
    } catch (S3Exception e) {
      // A repetition of what was done: nobody but this call writes this name.
      if (!isMissing(e)
          || client.headObject(request -> request.bucket(bucket).key(key)).contentLength()
              != size) {
        throw e;
      }
    }
    return true;
  }

  private void abort(String key, String upload) {
    boolean interrupted = Thread.interrupted();
    try {
      var unused =
          client.abortMultipartUpload(
              request -> request.bucket(settings.location().bucket()).key(key).uploadId(upload));
    } catch (SdkException e) {
      log.debug("An upload that failed could not be ended; the sweep will: {}", e.getMessage());
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Deletes an object, or nothing where there is none. */
  void delete(String name) throws IOException {
    call(
        "delete " + name,
        () ->
            client.deleteObject(
                request ->
                    request
                        .bucket(settings.location().bucket())
                        .key(settings.location().key(name))));
  }

  /**
   * Lists what begins with a name, in pages.
   *
   * @param most objects that are looked for; a few more may come
   */
  Listing list(String prefix, int most) throws IOException {
    return call(
        "list " + (prefix.isEmpty() ? "objects" : prefix),
        () -> {
          var objects = new ArrayList<Listed>();
          String next = null;
          Instant now = null;
          do {
            String token = next;
            ListObjectsV2Response page =
                client.listObjectsV2(
                    request ->
                        request
                            .bucket(settings.location().bucket())
                            .prefix(settings.location().key(prefix))
                            .maxKeys(Math.min(most, 1000))
                            .continuationToken(token));
            for (S3Object object : page.contents()) {
              objects.add(
                  new Listed(
                      settings.location().name(object.key()),
                      object.eTag(),
                      object.lastModified()));
            }
            now = now == null ? time(page) : now;
            next = Boolean.TRUE.equals(page.isTruncated()) ? page.nextContinuationToken() : null;
          } while (next != null && objects.size() < most);
          return new Listing(objects, now);
        });
  }

  private static @Nullable Instant time(ListObjectsV2Response page) {
    return page.sdkHttpResponse()
        .firstMatchingHeader("Date")
        .map(date -> Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(date)))
        .orElse(null);
  }

  /** Ends the uploads in parts that began before some time; returns how many. */
  int abortUploads(String prefix, Instant before) throws IOException {
    return call(
        "list uploads",
        () -> {
          List<MultipartUpload> uploads =
              client
                  .listMultipartUploads(
                      request ->
                          request
                              .bucket(settings.location().bucket())
                              .prefix(settings.location().key(prefix)))
                  .uploads();
          int ended = 0;
          for (MultipartUpload upload : uploads) {
            if (upload.initiated() != null && upload.initiated().isBefore(before)) {
              abort(upload.key(), upload.uploadId());
              ended++;
            }
          }
          return ended;
        });
  }

  @Override
  public void close() {
    transfers.close();
    client.close();
  }
}

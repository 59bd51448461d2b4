package dev.watershed.analysis.store;

import dev.watershed.jobs.Database;
import dev.watershed.jobs.StoreException;
import dev.watershed.type.v1.Digest;
import dev.watershed.type.v1.Origin;
import dev.watershed.type.v1.Provenance;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * What a study was found to be of: digests of its models and samples, what was noticed while
 * reading them, and what computed. The first that is kept stays. Each method is one transaction.
 *
 * <p>Every method throws {@link StoreException} when the database cannot be used.
 */
public final class StudyFacts {
  private final Database database;

  StudyFacts(Database database) {
    this.database = database;
  }

  /**
   * What was noticed while reading a sample or a model, or of an evaluator, for people.
   *
   * @param sample index, 0 for the in-domain one; -1 for a notice of anything else
   * @param model index; -1 for a notice of anything else
   * @param place among the notices of the same
   */
  public record Notice(int sample, int model, int place, String message) {
    private static final int NONE = -1;

    /** Numbers the notices of a sample. */
    public static List<Notice> ofSample(int sample, List<String> messages) {
      return numbered(sample, NONE, messages);
    }

    /** Numbers the notices of a model. */
    public static List<Notice> ofModel(int model, List<String> messages) {
      return numbered(NONE, model, messages);
    }

    /** Places a notice of an evaluator by its words: the same is kept once. */
    public static Notice ofEvaluator(String message) {
      return new Notice(NONE, NONE, message.hashCode() & Integer.MAX_VALUE, message);
    }

    private static List<Notice> numbered(int sample, int model, List<String> messages) {
      return IntStream.range(0, messages.size())
          .mapToObj(place -> new Notice(sample, model, place, messages.get(place)))
          .toList();
    }

    /** Whether it is of an evaluator. */
    public boolean isOfEvaluator() {
      return model == NONE && sample == NONE;
    }

    /** Whether it is of a model. */
    public boolean isOfModel() {
      return model != NONE;
    }
  }

  /**
   * Keeps a model's digest and origin if they are the first; returns the digest kept.
   *
   * @param origin bounded
   */
  public Digest keepModel(long study, int model, Digest digest, Origin origin) {
    return database.transact(
        handle -> {
          handle.execute(
              "INSERT INTO study_model (study, model, sha256, size_bytes, origin)"
                  + " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
              study,
              model,
              digest.getSha256(),
              digest.getSizeBytes(),
              origin.toByteArray());
          return handle
              .select(
                  "SELECT sha256, size_bytes FROM study_model WHERE study = ? AND model = ?",
                  study,
                  model)
              .map((row, context) -> digest(row))
              .list()
              .get(0);
        });
  }

  /**
   * Keeps a sample's digest if it is the first; returns the one kept.
   *
   * @param identity what points on it are known by among studies
   * @param rowCount rows that it was drawn from; 0 where that is not known
   */
  public Digest keepSampleDigest(
      long study, int sample, Digest digest, String identity, int rowCount) {
    return database.transact(
        handle -> {
          handle.execute(
              "INSERT INTO study_sample (study, sample, sha256, size_bytes, identity, row_count)"
                  + " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
              study,
              sample,
              digest.getSha256(),
              digest.getSizeBytes(),
              identity,
              rowCount);
          return handle
              .select(
                  "SELECT sha256, size_bytes FROM study_sample WHERE study = ? AND sample = ?",
                  study,
                  sample)
              .map((row, context) -> digest(row))
              .list()
              .get(0);
        });
  }

  /** Keeps how many labels the data of a known sample has, unless that is known. */
  public void keepLabelCount(long study, int sample, int count) {
    database.transact(
        handle ->
            handle.execute(
                "UPDATE study_sample SET label_count = ?"
                    + " WHERE study = ? AND sample = ? AND label_count IS NULL",
                count,
                study,
                sample));
  }

  /** Returns how many labels the data of a sample has, 0 where that is not known. */
  public int labelCount(long study, int sample) {
    return count("label_count", study, sample);
  }

  /** Returns of how many rows a sample was drawn, 0 where that is not known. */
  public int rowCount(long study, int sample) {
    return count("row_count", study, sample);
  }

  private int count(String column, long study, int sample) {
    return database.transact(
        handle ->
            handle
                .select(
                    "SELECT COALESCE("
                        + column
                        + ", 0) FROM study_sample"
                        + " WHERE study = ? AND sample = ?",
                    study,
                    sample)
                .map((row, context) -> row.getInt(1))
                .findFirst()
                .orElse(0));
  }

  /** Keeps what was noticed, unless it is known. */
  public void keepNotices(long study, List<Notice> notices) {
    if (notices.isEmpty()) {
      return;
    }
    database.transact(
        handle -> {
          for (var notice : notices) {
            handle.execute(
                "INSERT INTO study_notice (study, sample, model, place, message)"
                    + " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                study,
                notice.sample(),
                notice.model(),
                notice.place(),
                notice.message());
          }
          return notices.size();
        });
  }

  /**
   * Returns what was noticed: of evaluators, of samples, then of models, each in the order of the
   * spec.
   */
  public List<Notice> notices(long study) {
    return database.transact(
        handle ->
            handle
                .select(
                    "SELECT sample, model, place, message FROM study_notice WHERE study = ?"
                        + " ORDER BY model, sample, place",
                    study)
                .map(
                    (row, context) ->
                        new Notice(row.getInt(1), row.getInt(2), row.getInt(3), row.getString(4)))
                .list());
  }

  /**
   * Keeps what computed points, unless it is known.
   *
   * @param arithmetic what points by it are known by among studies
   */
  public void keepProvenance(long study, Provenance provenance, String arithmetic) {
    byte[] bytes = provenance.toByteArray();
    database.transact(
        handle ->
            handle.execute(
                "INSERT INTO study_provenance (study, sha256, provenance, arithmetic)"
                    + " VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                study,
                sha256(bytes),
                bytes,
                arithmetic));
  }

  /** Returns the digests of the models, in the order of the spec. */
  public List<Digest> modelDigests(long study) {
    return database.transact(
        handle ->
            handle
                .select(
                    "SELECT sha256, size_bytes FROM study_model WHERE study = ? ORDER BY model",
                    study)
                .map((row, context) -> digest(row))
                .list());
  }

  /**
   * Returns the origins of the models, in the order of the spec; one that is not known is empty, as
   * it is of models that were kept before it was.
   */
  public List<Origin> modelOrigins(long study) {
    return database.transact(
        handle ->
            handle
                .select("SELECT origin FROM study_model WHERE study = ? ORDER BY model", study)
                .map(
                    (row, context) -> {
                      byte[] origin = row.getBytes(1);
                      return origin == null
                          ? Origin.getDefaultInstance()
                          : Database.parse(Origin.parser(), origin);
                    })
                .list());
  }

  /** Returns the digests of the samples by their number, 0 for the in-domain sample. */
  public Map<Integer, Digest> sampleDigests(long study) {
    return database.transact(
        handle -> {
          var digests = new HashMap<Integer, Digest>();
          handle
              .select("SELECT sha256, size_bytes, sample FROM study_sample WHERE study = ?", study)
              .map((row, context) -> digests.put(row.getInt(3), digest(row)))
              .list();
          return digests;
        });
  }

  /** Returns what computed the points, each once, in a fixed order. */
  public List<Provenance> provenances(long study) {
    return database.transact(
        handle ->
            handle
                .select(
                    "SELECT provenance FROM study_provenance WHERE study = ? ORDER BY sha256",
                    study)
                .map((row, context) -> Database.parse(Provenance.parser(), row.getBytes(1)))
                .list());
  }

  private static Digest digest(ResultSet row) throws SQLException {
    return Digest.newBuilder().setSha256(row.getString(1)).setSizeBytes(row.getLong(2)).build();
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}

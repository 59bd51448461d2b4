-- Written for a second try, as V1 is.

-- One point between the ends of a pair's curve on a diagnostic's sample, whose number is that of
-- study_sample; watershed.type.v1.ClassificationMetrics.
CREATE TABLE IF NOT EXISTS study_diagnostic_point (
  study BIGINT NOT NULL REFERENCES study (number) ON DELETE CASCADE,
  model_a INT NOT NULL,
  model_b INT NOT NULL,
  sample INT NOT NULL,
  alpha_index INT NOT NULL,
  metrics BYTEA NOT NULL,
  PRIMARY KEY (study, model_a, model_b, sample, alpha_index)
);

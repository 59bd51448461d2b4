-- Written for a second try, as V1 is.

-- What was noticed while reading samples and checkpoints.
CREATE TABLE IF NOT EXISTS study_notice (
  study BIGINT NOT NULL REFERENCES study (number) ON DELETE CASCADE,
  -- Index of the sample, 0 for the in-domain one; -1 for a notice of a model.
  sample INT NOT NULL,
  -- Index of the model; -1 for a notice of a sample.
  model INT NOT NULL,
  -- Place among the notices of its model or sample.
  place INT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (study, sample, model, place)
);

-- A part that begins a message of the report: how many pairs the message has. NULL in a part that
-- goes on with the one before.
ALTER TABLE study_report ADD COLUMN IF NOT EXISTS pairs INT;

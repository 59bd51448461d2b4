-- Written for a second try, as V1 is.

-- Of study_diagnostic_point, which has the points of all samples but the first: as in study_point.
ALTER TABLE study_diagnostic_point ADD COLUMN IF NOT EXISTS losses BYTEA;

-- Rows that a sample was drawn from; NULL where that is not known.
ALTER TABLE study_sample ADD COLUMN IF NOT EXISTS row_count INT;

-- Blocks by which an in-domain sample grew after its first.
CREATE TABLE IF NOT EXISTS study_block (
  study BIGINT NOT NULL REFERENCES study (number) ON DELETE CASCADE,
  -- From 1 on.
  block INT NOT NULL,
  example_count INT NOT NULL,
  -- Half the width of the widest interval over the blocks before, in nats: why it was measured.
  half_width DOUBLE PRECISION NOT NULL,
  PRIMARY KEY (study, block)
);

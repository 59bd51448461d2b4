-- Written for a second try, as V1 is.

-- What the labels of every example are given, example by example in the sample's order: four bytes
-- each, little-endian IEEE 754. NULL where they are not kept.
ALTER TABLE study_score ADD COLUMN IF NOT EXISTS probabilities BYTEA;

-- Written for a second try, as V1 is.

-- The loss of every example in nats, in the sample's order: four bytes each, little-endian IEEE 754.
-- NULL where they are not kept.
ALTER TABLE study_score ADD COLUMN IF NOT EXISTS losses BYTEA;
ALTER TABLE study_point ADD COLUMN IF NOT EXISTS losses BYTEA;

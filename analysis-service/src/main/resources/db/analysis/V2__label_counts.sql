-- How many labels the data of a sample has, by which chance is known; NULL where the evaluator was
-- not asked about it since this column exists. Written for a second try, as V1 is.
ALTER TABLE study_sample ADD COLUMN IF NOT EXISTS label_count INT;

-- Written for a second try, as V1 is.

-- How a model came about, watershed.type.v1.Origin; NULL where it was kept before that was.
ALTER TABLE study_model ADD COLUMN IF NOT EXISTS origin BYTEA;

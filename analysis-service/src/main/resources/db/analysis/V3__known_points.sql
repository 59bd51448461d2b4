-- What lets a study take over what others measured: the points of models with the same digests, on a
-- sample of the same identity, by the same arithmetic. NULL in what was stored before these columns
-- were: it is not taken over. Written for a second try, as V1 is.

-- Alphas of the study's points are index / intervals.
ALTER TABLE study ADD COLUMN IF NOT EXISTS intervals INT;
-- SHA-256 of the sample's digest and of the label mapping asked for.
ALTER TABLE study_sample ADD COLUMN IF NOT EXISTS identity VARCHAR(64);
-- SHA-256 of those parts of the provenance whose results may be mixed.
ALTER TABLE study_provenance ADD COLUMN IF NOT EXISTS arithmetic VARCHAR(64);
-- Whether the row was taken over from another study, where it can be found too.
ALTER TABLE study_score ADD COLUMN IF NOT EXISTS reused BOOLEAN DEFAULT FALSE NOT NULL;
ALTER TABLE study_point ADD COLUMN IF NOT EXISTS reused BOOLEAN DEFAULT FALSE NOT NULL;
CREATE INDEX IF NOT EXISTS study_model_sha256 ON study_model (sha256);

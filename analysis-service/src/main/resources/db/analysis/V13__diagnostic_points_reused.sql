-- Written for a second try, as V1 is.

-- Whether the row was taken over from another study, where it can be found too.
ALTER TABLE study_diagnostic_point ADD COLUMN IF NOT EXISTS reused BOOLEAN DEFAULT FALSE NOT NULL;

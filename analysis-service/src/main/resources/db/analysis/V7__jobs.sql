-- Written for a second try, as V1 is.

-- The life of a study as libraries/jobs keeps every job's. fruitless_attempts counts, from here on, the
-- processes that ended without a word while they had the study, since one last came further.
ALTER TABLE study ADD COLUMN IF NOT EXISTS cancel_requested BOOLEAN DEFAULT FALSE NOT NULL;
-- The most points that were stored when a process ended so.
ALTER TABLE study ADD COLUMN IF NOT EXISTS crash_mark BIGINT DEFAULT 0 NOT NULL;
-- Grows with each change, so that a look at the row tells whether there was one.
ALTER TABLE study ADD COLUMN IF NOT EXISTS version BIGINT DEFAULT 0 NOT NULL;

CREATE INDEX IF NOT EXISTS study_state ON study (state, number);

-- What each create call that the caller named was answered with. study.request_id is what older
-- versions wrote.
CREATE TABLE IF NOT EXISTS study_request (
  request_id VARCHAR(128) NOT NULL,
  request_position INT NOT NULL,
  -- SHA-256 of the call; empty where an older version, which compared specs, did not keep it.
  digest VARCHAR(64) NOT NULL,
  study_id VARCHAR(64) NOT NULL,
  -- Whether the study was there before the call.
  reused BOOLEAN NOT NULL,
  PRIMARY KEY (request_id, request_position)
);

INSERT INTO study_request (request_id, request_position, digest, study_id, reused)
SELECT request_id, 0, '', id, FALSE FROM study WHERE request_id IS NOT NULL
ON CONFLICT DO NOTHING;

-- Whoever creates studies holds its one row until it has committed: calls in several processes take
-- turns.
CREATE TABLE IF NOT EXISTS study_create_turn (id INT PRIMARY KEY);

INSERT INTO study_create_turn (id) VALUES (1) ON CONFLICT DO NOTHING;

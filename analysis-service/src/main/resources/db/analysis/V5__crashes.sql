-- fruitless_attempts counts, from here on, the processes that ended without a word while they had the
-- study, since a point was last stored. Written for a second try, as V1 is.

-- The process that has the study now; empty where none has.
ALTER TABLE study ADD COLUMN IF NOT EXISTS held_by VARCHAR(64) DEFAULT '' NOT NULL;

-- Written for a second try, as V2 is.

-- The name that this database goes by in the store of its checkpoints; one row, or none yet.
CREATE TABLE IF NOT EXISTS training_owner (
  only_one INT PRIMARY KEY CHECK (only_one = 1),
  name VARCHAR(100) NOT NULL
);

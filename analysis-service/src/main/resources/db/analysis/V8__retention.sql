-- Written for a second try, as V1 is.

-- When another study last took points over from here; NULL where none has since this column exists.
ALTER TABLE study ADD COLUMN IF NOT EXISTS points_used TIMESTAMP(6) WITH TIME ZONE;

-- When what is too old is deleted, laid out as db-scheduler 16 defines it.
CREATE TABLE IF NOT EXISTS study_upkeep (
  task_name VARCHAR(100) NOT NULL,
  task_instance VARCHAR(100) NOT NULL,
  task_data BYTEA,
  execution_time TIMESTAMP(6) WITH TIME ZONE NOT NULL,
  picked BOOLEAN NOT NULL,
  picked_by VARCHAR(100),
  last_success TIMESTAMP(6) WITH TIME ZONE,
  last_failure TIMESTAMP(6) WITH TIME ZONE,
  consecutive_failures INT,
  last_heartbeat TIMESTAMP(6) WITH TIME ZONE,
  version BIGINT NOT NULL,
  priority SMALLINT,
  PRIMARY KEY (task_name, task_instance)
);

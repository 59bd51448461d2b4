-- Written for PostgreSQL; H2 takes it in MODE=PostgreSQL. Each statement may be repeated.

-- The training loss over a run's steps, apart from the run so that lists of runs do not carry it: a
-- TrainingRun message with its curve alone.
create table if not exists training_curve (
  run_id varchar(64) primary key,
  payload bytea not null
);

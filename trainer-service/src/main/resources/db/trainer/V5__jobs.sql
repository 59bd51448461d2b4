-- Written for a second try, as V2 is.

-- The life of a run in columns, as libraries/jobs keeps every job's; training_run.payload tells it too.
-- Null in rows that are older than the column until a start fills it in, see RunStore.
alter table training_run add column if not exists attempt integer;
alter table training_run add column if not exists start_time timestamp(6) with time zone;
alter table training_run add column if not exists end_time timestamp(6) with time zone;
-- google.rpc.Status of a failed run.
alter table training_run add column if not exists error bytea;

-- Nobody reads it.
alter table training_run alter column update_time drop not null;

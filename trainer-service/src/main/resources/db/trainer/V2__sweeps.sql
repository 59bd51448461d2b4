-- Written for PostgreSQL; H2 takes it in MODE=PostgreSQL. Each statement may be repeated: H2 commits
-- each, and a process killed half way through must be able to start again.

-- Null in rows that are older than the column until a start fills it in, see RunStore. A name has up
-- to 200 characters, which H2 counts in UTF-16.
alter table training_run add column if not exists display_name varchar(400);

-- What determines a run's bits, see ResolvedSpec.identity. Null in older rows: they are not reused.
alter table training_run add column if not exists identity varchar(64);

create index if not exists training_run_by_display_name on training_run (display_name, sequence);
create index if not exists training_run_by_identity on training_run (identity, sequence);

-- What each create call that the caller named was answered with. A run made by one call may be in
-- the answer of others, so this is no column of a run any more; training_run.request_* are what the
-- first version wrote.
create table if not exists training_request (
  request_id varchar(128) not null,
  request_position integer not null,
  digest varchar(64) not null,
  run_id varchar(64) not null,
  -- Whether the run was there before the call.
  reused boolean not null,
  primary key (request_id, request_position)
);

insert into training_request (request_id, request_position, digest, run_id, reused)
select request_id, request_position, request_digest, id, false
from training_run where request_id is not null
on conflict do nothing;

alter table training_run alter column request_position drop not null;
alter table training_run alter column request_digest drop not null;

-- Whoever creates runs holds its one row until it has committed: calls in several processes take
-- turns.
create table if not exists training_create_turn (id integer primary key);

insert into training_create_turn (id) values (1) on conflict do nothing;

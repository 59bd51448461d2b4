-- Written for a second try, as V2 is.

-- attempts_since_save counts, from here on, the processes that ended without a word while they had
-- the run, since one last saved or came further: see Crashes.
-- The process that has the run now; empty where none has.
alter table training_run add column if not exists held_by varchar(64) default '' not null;
-- The furthest step at which a process ended so.
alter table training_run add column if not exists crash_step bigint default 0 not null;

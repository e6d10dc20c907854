-- Figures about the whole system: each line is a metric, up to two labels, and the figure.
--
-- They are asked for every few seconds, so that none may read a large table: each walks an index of what is unfinished,
-- and stops counting at :limit.

-- name: meter_jobs
-- Counts live jobs and their steps without an outcome, and tells how old and how late the worst of them are.
with live as (
    select state, priority, accepted_at, open from job where finished_at is null limit :limit
)
select 'packsys_jobs_open' as metric, state as one, priority as two, count(*)::float8 as figure
from live group by state, priority
union all
select 'packsys_jobs_open_oldest_seconds', null, null,
       coalesce(greatest(extract(epoch from now() - min(accepted_at)), 0), 0)::float8
from live
union all
select 'packsys_jobs_overdue_seconds', null, null,
       coalesce(greatest(extract(epoch from now() - (select min(deadline) from job where finished_at is null)), 0),
                0)::float8
union all
select 'packsys_steps_open', null, null, coalesce(sum(open), 0)::float8 from live

-- name: meter_deliveries
-- Counts messages to callbacks that are not delivered, and tells for how long the oldest has been due.
with waiting as (
    select due_at from delivery where state = 'pending' order by due_at limit :limit
), given_up as (
    select from delivery where state = 'dead' limit :limit
)
select 'packsys_deliveries_open' as metric, 'pending' as one, null as two, count(*)::float8 as figure from waiting
union all
select 'packsys_deliveries_open', 'dead', null, count(*)::float8 from given_up
union all
select 'packsys_deliveries_overdue_seconds', null, null,
       coalesce(greatest(extract(epoch from now() - min(due_at)), 0), 0)::float8
from waiting

-- name: meter_syncs
-- Counts live runs of sync tables, and tells for how long the oldest due one has not been taken.
with live as (
    select state, sent_at, not_before from sync_run where finished_at is null limit :limit
)
select 'packsys_sync_runs_open' as metric, state as one, null as two, count(*)::float8 as figure
from live group by state
union all
select 'packsys_sync_runs_overdue_seconds', null, null,
       coalesce(greatest(extract(epoch from now() - min(greatest(sent_at, not_before))), 0), 0)::float8
from live where state in ('queued', 'waiting')

-- name: meter_schedules
-- Tells for how long the slot that has been due longest has not been sent.
select 'packsys_schedule_lag_seconds' as metric, null as one, null as two,
       coalesce(greatest(extract(epoch from now() - least(
           (select min(next_due) from schedule where next_due is not null),
           (select min(not_before) from slot where settled_at is null)
       )), 0), 0)::float8 as figure

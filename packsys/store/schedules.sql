-- Statements on schedules and their slots. A schedule has one open slot at most, and fires once for each slot.

-- name: lock_schedule
-- Locks a schedule, and gives the time.
select *, now() as at from schedule where schedule_id = :schedule_id for no key update

-- name: put_schedule
-- Keeps a schedule, and takes its open slot back where it was paused before that was sent.
with withdrawn as (
    update slot set fate = 'skipped', settled_at = now()
    where :paused and schedule_id = :schedule_id and settled_at is null and cause = 'time'
)
insert into schedule (schedule_id, workspace, kind, target, every, cron, timezone, jitter, paused, next_due)
values (:schedule_id, :workspace, :kind, :target, :every, :cron, :timezone, :jitter, :paused, :next_due)
on conflict (schedule_id) do update
set kind = excluded.kind, target = excluded.target, every = excluded.every, cron = excluded.cron,
    timezone = excluded.timezone, jitter = excluded.jitter, paused = excluded.paused, next_due = excluded.next_due
returning *

-- name: due_schedules
-- Locks schedules that are due, passing over those that another beat works on, and gives the time.
select *, now() as at from schedule where next_due <= now() order by next_due limit :limit for no key update skip locked

-- name: open_slot
-- Opens the slot that a locked schedule is due for, unless one is open, and moves the schedule on.
with moved as (
    update schedule set next_due = :next_due where schedule_id = :schedule_id
), pruned as (
    delete from slot where schedule_id = :schedule_id and due < now() - make_interval(secs => :seconds)
                       and settled_at is not null
)
insert into slot (schedule_id, due, cause, not_before) values (:schedule_id, :due, 'time', now())
on conflict do nothing
returning schedule_id

-- name: trigger
-- Opens a slot now, unless one is open.
insert into slot (schedule_id, due, cause, not_before)
select schedule_id, clock_timestamp(), :cause, now() from schedule where schedule_id = :schedule_id
on conflict do nothing
returning schedule_id

-- name: open_slots
-- Locks open slots, oldest first, passing over those that another beat sends.
select slot.*, schedule.workspace, schedule.kind, schedule.target
from slot join schedule using (schedule_id)
where slot.settled_at is null and slot.not_before <= now()
order by slot.not_before, slot.due
limit :limit
for no key update of slot skip locked

-- name: settle
-- Writes down what became of a slot, or that it comes later.
update slot
set fate = :fate, settled_at = case when :fate is null then null else now() end,
    not_before = case when :fate is null then now() + make_interval(secs => :delay) else not_before end
where schedule_id = :schedule_id and due = :due
returning schedule_id

-- name: wait
-- Gives the seconds until something is to be done; blank while nothing is to come.
select extract(epoch from least(
    (select min(next_due) from schedule where next_due is not null),
    (select min(not_before) from slot where settled_at is null)
) - now())::float8 as seconds

-- name: slots
-- Lists the newest slots of a schedule.
select slot.*, schedule.workspace, schedule.kind, schedule.target
from slot join schedule using (schedule_id)
where schedule_id = :schedule_id
order by due desc
limit :limit

-- The calls of the functions of migration 0007 (there is what they do). Several in one statement are one transaction,
-- each going on only where the one before it did what it was asked to.

-- name: add
-- Adds a wave, and claims its first new step where a worker is named. Nothing where fewer outcomes are kept than it
-- rests on: outcomes do not wait for the disk, and a crash takes back the last ones.
select w.*, c.attempts, c.number as claim_event, c.at as claimed_at, c.parked, c.started_at, c.workspace, c.timezone,
       c.locale, c.priority, c.seconds
from add_wave((select steps - open >= %(known)s from job where id = %(job)s), %(job)s, %(keys)s, %(invocations)s,
              %(calls)s, %(actions)s, %(look_at)s) w
cross join lateral claim_steps(cardinality(w.keys) > 0 and %(worker)s::text is not null, %(job)s, w.keys[1:1],
                               true, %(worker)s, %(lease)s, false) c

-- name: keep_and_add
-- Keeps outcomes, and if no claim was lost the calls made ahead of that, adds a wave, and claims its first new step.
select s.keys as kept, s.number as kept_event, s.at as kept_at, r.number as ahead_event, r.at as ahead_at, w.*,
       c.attempts, c.number as claim_event, c.at as claimed_at, c.parked, c.started_at, c.workspace, c.timezone,
       c.locale, c.priority, c.seconds
from leave_steps(%(job)s, %(left)s, %(attempts)s, %(states)s, %(outcomes)s, %(cached)s, %(details)s, false) s
cross join lateral record_steps(s.number is not null and cardinality(s.keys) = cardinality(%(left)s::text[]), %(job)s,
                                %(by)s, %(ahead)s, %(ahead_invocations)s, %(ahead_calls)s, %(ahead_waves)s,
                                %(ahead_states)s, %(ahead_outcomes)s, %(ahead_cached)s, %(ahead_details)s,
                                %(ahead_began)s, %(ahead_ended)s) r
cross join lateral add_wave(s.number is not null and cardinality(s.keys) = cardinality(%(left)s::text[])
                            and (r.number is not null or cardinality(%(ahead)s::text[]) = 0), %(job)s,
                            %(keys)s, %(invocations)s, %(calls)s, %(actions)s, %(look_at)s) w
cross join lateral claim_steps(cardinality(w.keys) > 0 and %(worker)s::text is not null, %(job)s, w.keys[1:1],
                               true, %(worker)s, %(lease)s, false) c

-- name: keep_and_finish
-- Keeps outcomes, and if no claim was lost the calls made ahead of that, and ends the job.
select s.keys as kept, s.number as kept_event, s.at as kept_at, r.number as ahead_event, r.at as ahead_at, e.number,
       e.at, e.seconds, e.calls_back
from leave_steps(%(job)s, %(left)s, %(attempts)s, %(states)s, %(outcomes)s, %(cached)s, %(details)s, false) s
cross join lateral record_steps(s.number is not null and cardinality(s.keys) = cardinality(%(left)s::text[]), %(job)s,
                                %(by)s, %(ahead)s, %(ahead_invocations)s, %(ahead_calls)s, %(ahead_waves)s,
                                %(ahead_states)s, %(ahead_outcomes)s, %(ahead_cached)s, %(ahead_details)s,
                                %(ahead_began)s, %(ahead_ended)s) r
cross join lateral end_job(s.number is not null and cardinality(s.keys) = cardinality(%(left)s::text[])
                           and (r.number is not null or cardinality(%(ahead)s::text[]) = 0), %(job)s,
                           %(final_state)s, %(final_outcome)s, %(code)s) e

-- name: finish
-- Ends a job, unless fewer outcomes are kept than its own rests on.
select * from end_job((select steps - open >= %(known)s from job where id = %(job)s), %(job)s, %(state)s, %(outcome)s,
                      %(code)s)

-- name: claim
-- Takes steps.
select * from claim_steps(true, %(job)s, %(keys)s, %(acting)s, %(worker)s, %(lease)s, %(look)s)

-- name: leave
-- Ends claims.
select * from leave_steps(%(job)s, %(left)s, %(attempts)s, %(states)s, %(outcomes)s, %(cached)s, %(details)s, true)

-- name: postpone
-- Gives a claim back.
select * from postpone_step(%(job)s, %(key)s, %(attempt)s, %(delay)s, %(tried)s, %(detail)s)

-- name: renew
-- Holds claims for longer, and lists those that were not lost.
with held as (
    select step.job, step.key
    from unnest(%(jobs)s::text[], %(keys)s::text[], %(attempts)s::int[]) as held (job, key, attempt)
    join step on step.job = held.job and step.key = held.key and step.attempt = held.attempt and step.state = 'running'
    order by step.job, step.key
    for no key update of step
)
update step set lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
from held where step.job = held.job and step.key = held.key
returning step.job, step.key

-- name: renew_free
-- Holds those claims for longer on whose rows nobody is at work, and lists all that were not lost.
with held as (
    select step.job, step.key, step.attempt
    from unnest(%(jobs)s::text[], %(keys)s::text[], %(attempts)s::int[]) as held (job, key, attempt)
    join step on step.job = held.job and step.key = held.key and step.attempt = held.attempt and step.state = 'running'
), free as (
    select step.job, step.key
    from held join step on step.job = held.job and step.key = held.key and step.attempt = held.attempt
    where step.state = 'running'  -- once more: it may have ended since, and what is locked is the newest
    for no key update of step skip locked
), longer as (
    update step set lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    from free where step.job = free.job and step.key = free.key
)
select job, key from held

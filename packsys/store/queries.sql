-- The statements that are more than one table or one line. A word after a colon is a parameter.
--
-- Locks are taken in one order everywhere: rows of steps first, then rows of jobs, in the order of their ids, and
-- who holds a job waits for no step. So nobody waits for one who waits for him.
--
-- Whoever writes an event counts it in the job's row in the same statement, and the row's lock makes the numbers
-- follow each other without gaps. An ended job tells no more events.

-- name: accept
-- Keeps a new job, or gives no row when its workspace has used the idempotency key before.
with kept as (
    insert into job (id, workspace, idempotency_key, fingerprint, formula, tree, variables, asked_by, timezone,
                     state, accepted_at, moved_at, deadline, events, callback)
    values (:id, :workspace, :idempotency_key, :fingerprint, :formula, :tree, :variables, :asked_by, :timezone,
            'accepted', now(), now(), now() + make_interval(secs => :seconds), 1, :callback)
    on conflict (workspace, idempotency_key) do nothing
    returning *
), told as (
    insert into event (job, number, at, kind, detail)
    select id, events, clock_timestamp(), 'job.accepted', '{}' from kept
)
select * from kept

-- name: finish
-- Ends a live job, and owes its callback a message; gives no row when it had ended.
with ended as (
    update job
    set state = :state, outcome = :outcome, finished_at = now(), moved_at = now(), events = events + 1
    where id = :job and state in ('accepted', 'running')
    returning *
), told as (
    insert into event (job, number, at, kind, detail)
    select id, events, clock_timestamp(), 'job.' || state, json_strip_nulls(json_build_object(
        'seconds', round(extract(epoch from finished_at - accepted_at), 3), 'code', :code,
        'callback', case when callback is not null then true end))
    from ended
), owed as (
    insert into delivery (job, workspace, url, due_at)
    select id, workspace, callback, now() from ended where callback is not null
)
select id from ended

-- name: hold
-- Locks a live job until the end of the transaction, so that waves are added one after the other.
select state, events from job where id = :job and state in ('accepted', 'running') for no key update

-- name: add
-- Keeps the calls that are new to a held job as one queued wave; the first wave sets the job running. As a statement
-- of its own after ``hold`` it sees every wave that was added before.
with asked as (
    select asked.key, asked.invocation, asked.call, row_number() over (order by asked.place) as place
    from unnest(:keys, :invocations, :calls) with ordinality as asked (key, invocation, call, place)
    where not exists (select from step where step.job = :job and step.key = asked.key)
), last as (
    select coalesce(max(number), 0) as number, coalesce(max(wave), 0) as wave from step where job = :job
), added as (
    insert into step (job, key, number, wave, invocation, state, queued_at, sent_at)
    select :job, asked.key, last.number + asked.place, last.wave + 1, asked.invocation, 'queued', now(), now()
    from asked, last
    returning *
), news as (
    select 0 as number, 'job.running' as kind, null as step, '{}' as detail
    where :state = 'accepted' and exists (select from added)
    union all
    select added.number, 'step.queued', added.key,
           json_build_object('number', added.number, 'wave', added.wave, 'call', asked.call)::text
    from added join asked on asked.key = added.key
), told as (
    insert into event (job, number, at, kind, step, detail)
    select :job, :events + row_number() over (order by number), clock_timestamp(), kind, step, detail from news
), moved as (
    update job
    set state = 'running', started_at = coalesce(started_at, now()), moved_at = now(),
        events = events + (select count(*) from news)
    where id = :job and exists (select from added)
    returning id
)
select added.* from added, moved order by added.number

-- name: claim
-- Takes a due step of a live job under the next fencing number; no row when it is held, kept, not due, or ended.
with claimed as (
    update step
    set state = 'running', attempt = attempt + 1, worker = :worker, not_before = null, sends = 0,
        lease_until = now() + make_interval(secs => :lease), started_at = coalesce(started_at, now())
    where step.job = :job and step.key = :key
      and (step.state = 'queued'
           or step.state = 'waiting' and step.not_before <= now()
           or step.state = 'running' and step.lease_until <= now())
      and exists (select from job where job.id = :job and job.state = 'running' and job.deadline > now())
    returning *
), moved as (
    update job set events = job.events + 1, moved_at = now()
    from claimed where job.id = :job and job.state = 'running'
    returning job.*
), told as (
    insert into event (job, number, at, kind, step, detail)
    select moved.id, moved.events, clock_timestamp(), 'step.running', claimed.key,
           json_build_object('attempt', claimed.attempt, 'worker', claimed.worker)
    from moved, claimed
)
select claimed.*, moved.workspace, moved.timezone,
       extract(epoch from moved.deadline - now())::float8 as seconds,
       case when claimed.attempt = 1 then 0 else (
           select count(*) from event
           where event.job = claimed.job and event.step = claimed.key and event.kind = 'step.waiting'
             and event.detail like '%"tried"\:false%'
       ) end as parked
from claimed, moved

-- name: renew
-- Holds a claim for longer; no row when it was lost.
update step set lease_until = now() + make_interval(secs => :lease)
where job = :job and key = :key and attempt = :attempt and state = 'running'
returning key

-- name: leave
-- Ends a claim, with the step's outcome or with a delay until its next attempt; no row when it was lost.
with settled as (
    update step
    set state = :state, outcome = :outcome, cached = :cached, lease_until = null, sent_at = now(), sends = 0,
        not_before = now() + make_interval(secs => :delay),
        finished_at = case when :state = 'waiting' then null else now() end
    where job = :job and key = :key and attempt = :attempt and state = 'running'
    returning *
), moved as (
    update job set events = job.events + 1, moved_at = now(), sends = 0
    from settled where job.id = :job and job.state = 'running'
    returning job.id, job.events
), told as (
    insert into event (job, number, at, kind, step, detail)
    select moved.id, moved.events, clock_timestamp(), 'step.' || settled.state, settled.key, :detail from moved, settled
)
select key from settled

-- name: rouse
-- Makes waiting steps of live jobs due now; who wakes many locks them in the order in which all others do.
with waiting as (
    select step.job, step.key
    from unnest(:jobs, :keys) as roused (job, key)
    join step on step.job = roused.job and step.key = roused.key
    join job on job.id = step.job
    where step.state = 'waiting' and job.finished_at is null
    order by step.job, step.number
    for no key update of step
)
update step set not_before = now(), sent_at = now(), sends = 0
from waiting where step.job = waiting.job and step.key = waiting.key and step.state = 'waiting'
returning step.*

-- name: late
-- Locks live jobs whose deadline has passed, and gives the seconds that they had.
select id, extract(epoch from deadline - accepted_at)::float8 as seconds
from job
where finished_at is null and deadline <= now()
order by id
limit :limit
for no key update skip locked

-- name: lost
-- Locks steps of live jobs whose lease ran out.
select step.job, step.key
from step join job on job.id = step.job
where job.finished_at is null and step.finished_at is null and step.state = 'running' and step.lease_until <= now()
order by step.job, step.number
limit :limit
for no key update of step skip locked

-- name: release
-- Queues steps of a job that ``lost`` locked, and fails the ones that were tried too often; no row when it has ended.
-- A claim that was given back untried is no try: who waited for others is not given up for that.
with tried as (
    select step.key, step.attempt - (
        select count(*) from event
        where event.job = step.job and event.step = step.key and event.kind = 'step.waiting'
          and event.detail like '%"tried"\:false%'
    ) < :attempts as again
    from step where step.job = :job and step.key = any(:keys)
), released as (
    update step
    set state = case when again then 'queued' else 'failed' end,
        outcome = case when again then null else :outcome end,
        finished_at = case when again then null else now() end,
        lease_until = null, sent_at = now()
    from tried where step.job = :job and step.key = tried.key
    returning step.*
), moved as (
    update job set events = events + (select count(*) from released), moved_at = now(), sends = 0
    where id = :job and state = 'running'
    returning id, events
), told as (
    insert into event (job, number, at, kind, step, detail)
    select moved.id, moved.events - row_number() over (order by released.number desc) + 1, clock_timestamp(),
           'step.' || released.state, released.key,
           case released.state when 'queued' then json_build_object('cause', :code)
                               else json_build_object('cached', false, 'code', :code) end
    from moved, released
)
select released.key, released.state from released, moved order by released.number

-- name: stalled_steps
-- Lists due steps that nobody took, and marks them as sent now. The wait doubles up to 2^10 times the grace.
with late as (
    select step.job, step.key
    from step join job on job.id = step.job
    where job.finished_at is null and step.finished_at is null and step.state in ('queued', 'waiting')
      and greatest(step.sent_at, step.not_before) + make_interval(secs => :grace * 2 ^ least(step.sends, 10)) <= now()
    order by step.job, step.number
    limit :limit
    for no key update of step skip locked
), sent as (
    update step set sent_at = now(), sends = step.sends + 1
    from late where step.job = late.job and step.key = late.key
    returning step.*
)
select job, key from sent order by job, number

-- name: stalled_jobs
-- Lists live jobs that have no step to wait for and that nobody advances, and marks them as sent now.
with late as (
    select job.id
    from job
    where job.finished_at is null
      and job.moved_at + make_interval(secs => :grace * 2 ^ least(job.sends, 10)) <= now()
      and not exists (select from step where step.job = job.id and step.finished_at is null)
    order by job.id
    limit :limit
    for no key update of job skip locked
), sent as (
    update job set moved_at = now(), sends = job.sends + 1 from late where job.id = late.id returning job.id
)
select id from sent order by id

-- name: look_result
-- Finds a fresh result that has the stamp of its tags, which is how often they were forgotten; gives the stamp anyway.
with tagged as (
    select coalesce(sum(forgotten), 0)::bigint as stamp from result_tag where tag = any(:tags)
)
select tagged.stamp, result.name, result.outcome, extract(epoch from result.fresh_until - now())::float8 as seconds
from tagged left join result on result.name = :name and result.stamp = tagged.stamp and result.fresh_until > now()

-- name: put_result
-- Keeps a result with the stamp that it was asked under, and throws away some whose time is over.
with old as (
    select name from result where fresh_until <= now() order by fresh_until limit 10 for update skip locked
), gone as (
    delete from result using old where result.name = old.name and old.name <> :name
)
insert into result (name, outcome, tags, stamp, fresh_until)
values (:name, :outcome, :tags, :stamp, now() + make_interval(secs => :seconds))
on conflict (name) do update
set outcome = excluded.outcome, tags = excluded.tags, stamp = excluded.stamp, fresh_until = excluded.fresh_until
returning name

-- name: forget_results
-- Counts that tags were forgotten, and throws away what has one of them; what comes later has an old stamp.
with counted as (
    insert into result_tag (tag, forgotten) select tag, 1 from unnest(:tags) as given (tag) group by tag order by tag
    on conflict (tag) do update set forgotten = result_tag.forgotten + 1
    returning tag
), gone as (
    delete from result where tags && :tags
)
select tag from counted

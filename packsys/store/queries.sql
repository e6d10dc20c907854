-- The statements that are more than one table or one line. A word after a colon is a parameter.
--
-- Locks are taken in the order that migration 0007 says, and events are counted as it says.

-- name: rouse
-- Makes waiting steps of live jobs due now; who wakes many locks them in the order in which all others do.
with waiting as (
    select step.job, step.key, job.workspace, job.priority
    from unnest(:jobs, :keys) as roused (job, key)
    join step on step.job = roused.job and step.key = roused.key
    join job on job.id = step.job
    where step.state = 'waiting' and job.finished_at is null
    order by step.job, step.key
    for no key update of step
)
update step set not_before = now(), sent_at = now(), sends = 0
from waiting where step.job = waiting.job and step.key = waiting.key and step.state = 'waiting'
returning step.*, waiting.workspace, waiting.priority

-- name: late
-- Locks live jobs whose deadline has passed, and gives the seconds that they had.
select id, extract(epoch from deadline - accepted_at)::float8 as seconds
from job
where finished_at is null and deadline <= now()
order by id
limit :limit
for no key update skip locked

-- name: expire
-- Ends a job that ``late`` locked.
select number, at, seconds, calls_back from end_job(true, :job, 'failed', :outcome, :code)

-- name: lost
-- Locks steps of live jobs whose lease ran out.
select step.job, step.key, job.workspace, job.priority
from step join job on job.id = step.job
where job.finished_at is null and step.finished_at is null and step.state = 'running' and step.lease_until <= now()
order by step.job, step.number
limit :limit
for no key update of step skip locked

-- name: release
-- Queues steps of a job that ``lost`` locked, and fails the ones that were tried too often; no row when it has ended.
-- A claim that was given back untried is no try: who waited for others is not given up for that.
with released as (
    update step
    set state = case when attempt - parked < :attempts then 'queued' else 'failed' end,
        outcome = case when attempt - parked < :attempts then null else :outcome end,
        finished_at = case when attempt - parked < :attempts then null else now() end,
        lease_until = null, sent_at = now()
    where job = :job and key = any(:keys)
    returning *
), moved as (
    update job
    set events = events + (select count(*) from released), moved_at = now(), sends = 0,
        open = open - (select count(*) from released where state = 'failed')
    where id = :job and state = 'running'
    returning id, events
), numbered as (
    select moved.id, moved.events - row_number() over (order by released.number desc) + 1 as number, released.key,
           released.state, released.number as place
    from moved, released
), told as (
    insert into event (job, number, at, kind, step, detail)
    select id, number, now(), 'step.' || state, key,
           case state when 'queued' then json_build_object('cause', :code)
                      else json_build_object('cached', false, 'code', :code) end
    from numbered
)
select number, now() as at, key, state from numbered order by place

-- name: stalled_steps
-- Lists due steps that nobody took, and marks them as sent now. The wait doubles so often at most.
with late as (
    select step.job, step.key, job.workspace, job.priority
    from step join job on job.id = step.job
    where job.finished_at is null and step.finished_at is null and step.state in ('queued', 'waiting')
      and greatest(step.sent_at, step.not_before) + make_interval(secs => :grace * 2 ^ least(step.sends, :doublings)) <= now()
    order by step.job, step.number
    limit :limit
    for no key update of step skip locked
), sent as (
    update step set sent_at = now(), sends = step.sends + 1
    from late where step.job = late.job and step.key = late.key
    returning step.job, step.key, step.number, late.workspace, late.priority
)
select job, key, workspace, priority from sent order by job, number

-- name: stalled_jobs
-- Lists live jobs that have no step to wait for and that nobody advances, and marks them as sent now.
with late as (
    select job.id
    from job
    where job.finished_at is null
      and job.moved_at + make_interval(secs => :grace * 2 ^ least(job.sends, :doublings)) <= now()
      and job.open = 0
    order by job.id
    limit :limit
    for no key update of job skip locked
), sent as (
    update job set moved_at = now(), sends = job.sends + 1 from late where job.id = late.id
    returning job.id, job.workspace, job.priority
)
select id, workspace, priority from sent order by id

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

-- name: earlier
-- Finds the jobs that were kept before under some ids, or under some idempotency keys of workspaces.
select * from job where id = any (:jobs)
union
select job.*
from unnest(:workspaces, :keys) as asked (workspace, idempotency_key)
join job on job.workspace = asked.workspace and job.idempotency_key = asked.idempotency_key

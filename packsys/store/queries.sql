-- The statements that are more than one table or one line. A word after a colon is a parameter.
--
-- Locks are taken in the order that migration 0005 says, and events are counted as it says.

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
select number, at, seconds from end_job(true, :job, 'failed', :outcome, :code)

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
with released as (
    update step
    set state = case when attempt < :attempts then 'queued' else 'failed' end,
        outcome = case when attempt < :attempts then null else :outcome end,
        finished_at = case when attempt < :attempts then null else now() end,
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
-- Lists due steps that nobody took, and marks them as sent now. The wait doubles up to 2^10 times the grace.
with late as (
    select step.job, step.key, job.workspace, job.priority
    from step join job on job.id = step.job
    where job.finished_at is null and step.finished_at is null and step.state in ('queued', 'waiting')
      and greatest(step.sent_at, step.not_before) + make_interval(secs => :grace * 2 ^ least(step.sends, 10)) <= now()
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
      and job.moved_at + make_interval(secs => :grace * 2 ^ least(job.sends, 10)) <= now()
      and job.open = 0
    order by job.id
    limit :limit
    for no key update of job skip locked
), sent as (
    update job set moved_at = now(), sends = job.sends + 1 from late where job.id = late.id
    returning job.id, job.workspace, job.priority
)
select id, workspace, priority from sent order by id

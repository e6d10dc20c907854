-- name: counts
-- Counts a job's steps by their state.
select state, count(*) as steps, count(*) filter (where cached) as hits, max(wave) as wave
from step where job = :job group by state

-- name: waits
-- Tells why a job's waiting steps wait, and for how many seconds more; the cause is in the last event of each.
with told as (
    select distinct on (event.step) event.step, event.detail
    from event
    where event.job = :job and event.kind = 'step.waiting'
    order by event.step, event.number desc
)
select told.detail, greatest(0, extract(epoch from coalesce(step.not_before, now()) - now()))::float8 as seconds
from step join told on told.step = step.key
where step.job = :job and step.state = 'waiting'

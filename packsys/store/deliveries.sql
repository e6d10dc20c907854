-- name: take
-- Takes due deliveries under their next fencing numbers. Of one workspace no more than ``share`` are under way at once,
-- of all no more than ``most``, and the workspaces take turns: slow receivers of one hold up nobody else's.
with busy as (
    select workspace, count(*) as under_way from delivery
    where state = 'pending' and lease_until > now() group by workspace
), due as (
    select delivery.job, delivery.due_at,
           coalesce(busy.under_way, 0)
               + row_number() over (partition by delivery.workspace order by delivery.due_at) as place
    from delivery left join busy on busy.workspace = delivery.workspace
    where delivery.state = 'pending' and delivery.due_at <= now()
      and (delivery.lease_until is null or delivery.lease_until <= now())
), chosen as (
    select job from due where place <= :share order by place, due_at
    limit least(:limit, greatest(0, :most - (select coalesce(sum(under_way), 0) from busy)))
), locked as (
    select delivery.job from delivery join chosen on chosen.job = delivery.job
    where delivery.state = 'pending' and (delivery.lease_until is null or delivery.lease_until <= now())
    order by delivery.job
    for no key update of delivery skip locked
)
update delivery
set attempt = attempt + 1, tries = tries + 1, lease_until = now() + make_interval(secs => :lease)
from locked where delivery.job = locked.job
returning delivery.*

-- name: settle
-- Ends an attempt, with the delivery's end or with a delay until the next; no row when another has taken it since.
update delivery
set state = :state, status = :status, reason = :reason, lease_until = null,
    due_at = now() + make_interval(secs => :delay),
    delivered_at = case when :state = 'delivered' then now() end
where job = :job and attempt = :attempt and state = 'pending'
returning job

-- name: again
-- Makes a delivery due now; one that is under way is due when its lease is over.
update delivery set state = 'pending', tries = 0, due_at = now(), delivered_at = null
where job = :job and workspace = :workspace
returning *

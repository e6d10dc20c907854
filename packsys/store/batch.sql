-- Many jobs in one statement, which is one transaction and waits for the disk once. It leaves what accept_job, add_wave
-- and end_job of migration 0007 leave for each alone.

-- name: accept
-- Keeps new jobs with what they begin with, in the order in which they come, but none whose workspace has used its
-- idempotency key. Who keeps the same keys at the same time must come in the same order: then nobody waits for one who
-- waits for him. Steps and events are those of the jobs that were kept.
with asked as materialized (
    select asked.*, moment.at, moment.at + make_interval(secs => asked.seconds) as deadline,
           asked.known + asked.sent as steps
    from (select clock_timestamp() as at) as moment,
         unnest(%(ids)s::text[], %(workspaces)s::text[], %(idempotency_keys)s::text[], %(fingerprints)s::text[],
                %(formulas)s::text[], %(trees)s::text[], %(variables)s::text[], %(askers)s::text[],
                %(timezones)s::text[], %(locales)s::text[], %(priorities)s::text[], %(callbacks)s::text[],
                %(asked_at)s::timestamptz[], %(seconds)s::float8[], %(known)s::int[], %(sent)s::int[],
                %(look_at)s::int[], %(states)s::text[], %(outcomes)s::text[], %(codes)s::text[])
         with ordinality as asked (id, workspace, idempotency_key, fingerprint, formula, tree, variables, asked_by,
                                   timezone, locale, priority, callback, asked_at, seconds, known, sent, look_at,
                                   state, outcome, code, place)
), kept as (
    insert into job (id, workspace, idempotency_key, fingerprint, formula, tree, variables, asked_by, timezone, locale,
                     priority, callback, state, outcome, asked_at, accepted_at, started_at, finished_at, moved_at,
                     deadline, events, steps, open, waves, look_at)
    select id, workspace, idempotency_key, fingerprint, formula, tree, variables, asked_by, timezone, locale, priority,
           callback, coalesce(state, case when steps > 0 then 'running' else 'accepted' end), outcome, asked_at, at,
           case when steps > 0 then at end, case when state is not null then at end, at, deadline,
           1 + (steps > 0)::int + steps + known + (state is not null)::int, steps, sent,
           (known > 0)::int + (sent > 0)::int, look_at
    from asked
    order by place
    on conflict do nothing  -- of the key, or of the id where the statement itself is repeated
    returning id
), fresh as materialized (
    select asked.place, asked.id, asked.workspace, asked.callback, asked.known, asked.steps, asked.state, asked.code,
           asked.at, asked.deadline
    from kept join asked on asked.id = kept.id
), begun as materialized (
    select fresh.id, fresh.at, fresh.known, step.*
    from unnest(%(places)s::int[], %(keys)s::text[], %(numbers)s::int[], %(waves)s::int[], %(invocations)s::text[],
                %(calls)s::text[], %(actions)s::boolean[], %(values)s::text[])
         as step (place, key, number, wave, invocation, call, acts, value)
    join fresh on fresh.place = step.place
), added as (
    insert into step (job, key, number, wave, invocation, acts, state, cached, outcome, queued_at, started_at,
                      finished_at, sent_at)
    select id, key, number, wave, invocation, acts, case when number > known then 'queued' else 'done' end,
           number <= known, value, at, case when number <= known then at end, case when number <= known then at end, at
    from begun
), told as (
    insert into event (job, number, at, kind, step, detail)
    select id, 1, at, 'job.accepted', null, '{}' from fresh
    union all
    select id, 2, at, 'job.running', null, '{}' from fresh where steps > 0
    union all
    select id, 2 + number + least(number - 1, known), at, 'step.queued', key,
           json_build_object('number', number, 'wave', wave, 'call', call)::text
    from begun
    union all
    select id, 2 + 2 * number, at, 'step.done', key, '{"cached":true}' from begun where number <= known
    union all
    select id, 2 + (steps > 0)::int + steps + known, at, 'job.' || state, null,
           json_strip_nulls(json_build_object('seconds', 0.0::float8, 'code', code,
                                              'callback', case when callback is not null then true end))::text
    from fresh where state is not null
), owed as (
    insert into delivery (job, workspace, url, due_at)
    select id, workspace, callback, at from fresh where state is not null and callback is not null
)
select id, at as accepted_at, deadline, at as ended_at, 2 + (steps > 0)::int + steps + known as end_event,
       0.0::float8 as seconds, callback is not null as calls_back, set_config('synchronous_commit', 'on', true)
from fresh

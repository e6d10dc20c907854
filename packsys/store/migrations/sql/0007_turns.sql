-- The functions by which jobs and steps move. Each is one round trip and one commit, and gives one row.
--
-- Locks are taken in one order everywhere: rows of steps first, by job and key, then rows of jobs, by their ids, and who
-- holds a job waits for no step. So nobody waits for one who waits for him. Who skips what is locked needs no order.
--
-- Whoever writes an event counts it in the job's row in the same transaction, and the row's lock makes the numbers
-- follow each other without gaps. An ended job tells no more events.
--
-- The connections that call them commit without waiting for the disk. What must not be lost with the server's last
-- half second asks for the wait: a job's acceptance and end, and the claim and outcome of an action. Whatever else
-- is lost so is a call that is made again.

create function accept_job(
    p_id text, p_workspace text, p_key text, p_fingerprint text, p_formula text, p_tree text, p_variables text,
    p_asked_by text, p_timezone text, p_locale text, p_priority text, p_callback text, p_asked_at timestamptz,
    p_seconds float8,
    p_keys text[], p_invocations text[], p_calls text[], p_outcomes text[]
) returns table (fresh boolean, accepted_at timestamptz, deadline timestamptz) language plpgsql as $$
#variable_conflict use_column
declare
    v_at timestamptz := clock_timestamp();
    v_deadline timestamptz := v_at + make_interval(secs => p_seconds);
    v_known int := cardinality(p_keys);
begin
    perform set_config('synchronous_commit', 'on', true);
    insert into job (id, workspace, idempotency_key, fingerprint, formula, tree, variables, asked_by, timezone, locale,
                     priority, callback, state, asked_at, accepted_at, started_at, moved_at, deadline, events, steps,
                     waves)
    values (p_id, p_workspace, p_key, p_fingerprint, p_formula, p_tree, p_variables, p_asked_by, p_timezone, p_locale,
            p_priority, p_callback, case when v_known = 0 then 'accepted' else 'running' end, p_asked_at, v_at,
            case when v_known > 0 then v_at end, v_at, v_deadline, 1 + (v_known > 0)::int + 2 * v_known, v_known,
            (v_known > 0)::int)
    on conflict do nothing;  -- of the key, or of the id where the statement itself is repeated
    if not found then
        fresh := false;
        return next;
        return;
    end if;
    insert into event (job, number, at, kind, detail) values (p_id, 1, v_at, 'job.accepted', '{}');
    if v_known > 0 then
        insert into event (job, number, at, kind, detail) values (p_id, 2, v_at, 'job.running', '{}');
        with known as (
            select known.* from unnest(p_keys, p_invocations, p_calls, p_outcomes) with ordinality
                                as known (key, invocation, call, outcome, place)
        ), added as (
            insert into step (job, key, number, wave, invocation, state, cached, outcome, queued_at, started_at,
                              finished_at, sent_at)
            select p_id, key, place, 1, invocation, 'done', true, outcome, v_at, v_at, v_at, v_at from known
        )
        insert into event (job, number, at, kind, step, detail)
        select p_id, 1 + 2 * place, v_at, 'step.queued', key,
               json_build_object('number', place, 'wave', 1, 'call', call)
        from known
        union all
        select p_id, 2 + 2 * place, v_at, 'step.done', key, '{"cached":true}' from known;
    end if;
    return query select true, v_at, v_deadline;
end $$;

-- Ends a live job, and owes its callback a message; ``number`` is null when it had ended, or when ``p_asked`` is false.
create function end_job(p_asked boolean, p_job text, p_state text, p_outcome text, p_code text)
returns table (number int, at timestamptz, seconds float8, calls_back boolean) language plpgsql as $$
#variable_conflict use_column
declare
    v_at timestamptz;
    v_number int;
    v_seconds float8;
    v_callback text;
begin
    if p_asked then
        update job
        set state = p_state, outcome = p_outcome, finished_at = clock_timestamp(), moved_at = clock_timestamp(),
            events = events + 1
        where id = p_job and state in ('accepted', 'running')
        returning events, finished_at, round(extract(epoch from finished_at - accepted_at), 3)::float8, job.callback
        into v_number, v_at, v_seconds, v_callback;
    end if;
    if v_number is not null then
        perform set_config('synchronous_commit', 'on', true);
        insert into event (job, number, at, kind, detail)
        values (p_job, v_number, v_at, 'job.' || p_state,
                json_strip_nulls(json_build_object('seconds', v_seconds, 'code', p_code,
                                                   'callback', case when v_callback is not null then true end)));
    end if;
    if v_number is not null and v_callback is not null then
        insert into delivery (job, workspace, url, due_at)
        select id, workspace, v_callback, v_at from job where id = p_job;
    end if;
    return query select v_number, v_at, v_seconds, v_callback is not null;
end $$;

-- Keeps the calls that are new to a live job as one queued wave; the first wave sets the job running. ``number`` is
-- that of the first event, ``began`` tells whether it is the job's start. Keys and numbers are those of the new steps.
create function add_wave(
    p_asked boolean, p_job text, p_keys text[], p_invocations text[], p_calls text[], p_actions boolean[], p_look_at int
) returns table (number int, at timestamptz, began boolean, wave int, keys text[], numbers int[]) language plpgsql as $$
#variable_conflict use_column
declare
    v_at timestamptz := clock_timestamp();
    v_job record;
    v_keys text[] := '{}';
    v_numbers int[] := '{}';
    v_began boolean;
begin
    if p_asked then
        select state, events, steps, waves into v_job
        from job where id = p_job and state in ('accepted', 'running') for no key update;
    end if;
    if v_job is null then
        began := false;
        keys := '{}';
        numbers := '{}';
        return next;
        return;
    end if;
    v_at := clock_timestamp();
    -- A statement of its own after the lock: it sees every wave that was added before.
    with asked as (
        select asked.*, row_number() over (order by asked.place) as turn
        from unnest(p_keys, p_invocations, p_calls, p_actions) with ordinality
             as asked (key, invocation, call, acts, place)
        where not exists (select from step where step.job = p_job and step.key = asked.key)
    ), added as (
        insert into step (job, key, number, wave, invocation, acts, state, queued_at, sent_at)
        select p_job, asked.key, v_job.steps + asked.turn, v_job.waves + 1, asked.invocation, asked.acts, 'queued',
               v_at, v_at
        from asked
        returning key, number
    ), told as (
        insert into event (job, number, at, kind, step, detail)
        select p_job, v_job.events + (v_job.state = 'accepted')::int + asked.turn, v_at, 'step.queued', asked.key,
               json_build_object('number', v_job.steps + asked.turn, 'wave', v_job.waves + 1, 'call', asked.call)
        from asked
    )
    select coalesce(array_agg(key order by number), '{}'), coalesce(array_agg(number order by number), '{}')
    into v_keys, v_numbers from added;
    v_began := v_job.state = 'accepted' and cardinality(v_keys) > 0;
    if v_began then
        insert into event (job, number, at, kind, detail) values (p_job, v_job.events + 1, v_at, 'job.running', '{}');
    end if;
    if cardinality(v_keys) > 0 then
        update job
        set state = 'running', started_at = coalesce(started_at, v_at), moved_at = v_at, sends = 0, look_at = p_look_at,
            events = events + v_began::int + cardinality(v_keys), steps = steps + cardinality(v_keys),
            open = open + cardinality(v_keys), waves = waves + 1
        where id = p_job;
    else
        update job set look_at = p_look_at where id = p_job;
    end if;
    return query select v_job.events + 1, v_at, v_began, v_job.waves + 1, v_keys, v_numbers;
end $$;

-- Takes due steps of a live job, each under its next fencing number; those that are actions only where ``p_actions``
-- says so. The keys must be sorted. ``keys`` are those taken: none when ``p_asked`` is false. An action's claim is on
-- the disk before its effect can be. Where ``p_look`` asks for it and nothing else of the job is open, the job comes
-- with it, and the outcomes of its final steps.
create function claim_steps(
    p_asked boolean, p_job text, p_keys text[], p_actions boolean, p_worker text, p_lease float8, p_look boolean
) returns table (
    keys text[], attempts int[], numbers int[], step_waves int[], invocations text[], parked int[],
    queued_at timestamptz[], started_at timestamptz[], number int, at timestamptz, workspace text, timezone text,
    locale text, priority text, seconds float8, tree text, variables text, asked_at timestamptz, waves int, open int,
    bytes bigint, final_keys text[], outcomes text[]
) language plpgsql as $$
#variable_conflict use_column
declare
    v_at timestamptz := clock_timestamp();
    v_key text;
    v_step step%rowtype;
    v_job job%rowtype;
    v_acts boolean := false;
    v_place int := 0;
begin
    keys := '{}';
    if not p_asked then
        return next;
        return;
    end if;
    foreach v_key in array p_keys loop  -- they are sorted, so that nobody waits for one who waits for him
        update step
        set state = 'running', attempt = attempt + 1, worker = p_worker, not_before = null, sends = 0,
            lease_until = v_at + make_interval(secs => p_lease), started_at = coalesce(started_at, v_at)
        where step.job = p_job and step.key = v_key
          and (step.state = 'queued'
               or step.state = 'waiting' and step.not_before <= v_at
               or step.state = 'running' and step.lease_until <= v_at)
          and (p_actions or not step.acts)
          and exists (select from job where job.id = p_job and job.state = 'running' and job.deadline > v_at)
        returning * into v_step;
        if found then
            keys := keys || v_step.key;
            attempts := attempts || v_step.attempt;
            numbers := numbers || v_step.number;
            step_waves := step_waves || v_step.wave;
            invocations := invocations || v_step.invocation;
            parked := parked || v_step.parked;
            queued_at := queued_at || v_step.queued_at;
            started_at := started_at || v_step.started_at;
            v_acts := v_acts or v_step.acts;
        end if;
    end loop;
    if cardinality(keys) = 0 then
        return next;
        return;
    end if;
    update job set events = events + cardinality(keys), moved_at = clock_timestamp()
    where id = p_job and state = 'running'
    returning * into v_job;
    if not found then  -- it ended just now: the steps were not begun
        update step
        set state = 'queued', attempt = attempt - 1, worker = null, lease_until = null,
            started_at = case when attempt = 1 then null else started_at end
        where step.job = p_job and step.key = any (keys);
        keys := '{}';
        return next;
        return;
    end if;
    if v_acts then
        perform set_config('synchronous_commit', 'on', true);
    end if;
    number := v_job.events - cardinality(keys) + 1;
    foreach v_key in array keys loop
        insert into event (job, number, at, kind, step, detail)
        values (p_job, v_job.events - cardinality(keys) + 1 + v_place, v_job.moved_at, 'step.running', v_key,
                json_build_object('attempt', attempts[v_place + 1], 'worker', p_worker));
        v_place := v_place + 1;
    end loop;
    at := v_job.moved_at;
    workspace := v_job.workspace;
    timezone := v_job.timezone;
    locale := v_job.locale;
    priority := v_job.priority;
    seconds := extract(epoch from v_job.deadline - v_at)::float8;
    if p_look and v_job.open = cardinality(keys) then
        tree := v_job.tree;
        variables := v_job.variables;
        asked_at := coalesce(v_job.asked_at, v_job.accepted_at);
        waves := v_job.waves;
        open := v_job.open;
        bytes := v_job.bytes;
        -- A statement of its own after the job's lock: it sees every outcome that was counted before.
        select array_agg(key), array_agg(outcome) into final_keys, outcomes
        from step where job = p_job and finished_at is not null;
    end if;
    return next;
end $$;

-- Ends claims with the outcomes of their steps; ``keys`` are those that were not lost, ``number`` is that of the first
-- event, and null when the job had ended. When what is open has come down to where the job is to be looked at, and
-- ``p_look`` asks for it, the job comes with it, and the outcomes of all its final steps.
create function leave_steps(
    p_job text, p_keys text[], p_attempts int[], p_states text[], p_outcomes text[], p_cached boolean[],
    p_details text[], p_look boolean
) returns table (
    keys text[], number int, at timestamptz, workspace text, timezone text, locale text, priority text, tree text,
    variables text, asked_at timestamptz, waves int, open int, bytes bigint, final_keys text[], outcomes text[]
) language plpgsql as $$
#variable_conflict use_column
declare
    v_at timestamptz := clock_timestamp();
    v_job job%rowtype;
    v_places int[] := '{}';
    v_place int;
    v_acts boolean;
    v_any boolean := false;
    v_bytes bigint := 0;
begin
    keys := '{}';
    for v_place in 1 .. cardinality(p_keys) loop  -- they are sorted, as where they are claimed
        update step
        set state = p_states[v_place], outcome = p_outcomes[v_place], cached = p_cached[v_place], lease_until = null,
            sent_at = v_at, sends = 0, finished_at = v_at
        where job = p_job and key = p_keys[v_place] and attempt = p_attempts[v_place] and state = 'running'
        returning acts into v_acts;
        if found then
            keys := keys || p_keys[v_place];
            v_places := v_places || v_place;
            v_any := v_any or v_acts;
            v_bytes := v_bytes + coalesce(length(p_outcomes[v_place]), 0);
        end if;
    end loop;
    if cardinality(keys) = 0 then
        return next;
        return;
    end if;
    if v_any then
        perform set_config('synchronous_commit', 'on', true);
    end if;
    update job
    set events = events + cardinality(keys), moved_at = clock_timestamp(), sends = 0,
        open = open - cardinality(keys), bytes = bytes + v_bytes
    where id = p_job and state = 'running'
    returning * into v_job;
    if not found then
        return next;
        return;
    end if;
    number := v_job.events - cardinality(keys) + 1;
    at := v_job.moved_at;
    for v_turn in 1 .. cardinality(keys) loop
        v_place := v_places[v_turn];
        insert into event (job, number, at, kind, step, detail)
        values (p_job, v_job.events - cardinality(keys) + v_turn, v_job.moved_at, 'step.' || p_states[v_place],
                p_keys[v_place], p_details[v_place]);
    end loop;
    if p_look and v_job.open <= v_job.look_at then
        workspace := v_job.workspace;
        timezone := v_job.timezone;
        locale := v_job.locale;
        priority := v_job.priority;
        tree := v_job.tree;
        variables := v_job.variables;
        asked_at := coalesce(v_job.asked_at, v_job.accepted_at);
        waves := v_job.waves;
        open := v_job.open;
        bytes := v_job.bytes;
        -- A statement of its own after the job's lock: it sees every outcome that was counted before.
        select array_agg(key), array_agg(outcome) into final_keys, outcomes
        from step where job = p_job and finished_at is not null;
    end if;
    return next;
end $$;

-- Gives a claim back, to be due after ``p_delay`` seconds; ``kept`` is false when it was lost, and ``number`` is null
-- when the job had ended.
create function postpone_step(
    p_job text, p_key text, p_attempt int, p_delay float8, p_tried boolean, p_detail text
) returns table (kept boolean, number int, at timestamptz) language plpgsql as $$
#variable_conflict use_column
declare
    v_at timestamptz := clock_timestamp();
begin
    update step
    set state = 'waiting', lease_until = null, sent_at = v_at, sends = 0, parked = parked + (not p_tried)::int,
        not_before = v_at + make_interval(secs => p_delay)
    where job = p_job and key = p_key and attempt = p_attempt and state = 'running';
    kept := found;
    if kept then
        update job set events = events + 1, moved_at = clock_timestamp(), sends = 0
        where id = p_job and state = 'running'
        returning events, moved_at into number, at;
    end if;
    if number is not null then
        insert into event (job, number, at, kind, step, detail)
        select p_job, moved.events, moved.moved_at, 'step.waiting', p_key, p_detail
        from job as moved where id = p_job;
    end if;
    return next;
end $$;

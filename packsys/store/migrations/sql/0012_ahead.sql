-- Keeps calls of a live job that were made before anything told of them, each with the outcome that it has: it was
-- queued, taken and ended. They are in the order in which they were made; ``p_began`` and ``p_ended`` are seconds before
-- now. ``number`` is that of the first event, and null when there are none or ``p_asked`` is false.
--
-- Who calls it has just ended claims on the job's only open steps in the same transaction, which holds the job's row:
-- so no other can have added one of these.
create function record_steps(
    p_asked boolean, p_job text, p_worker text, p_keys text[], p_invocations text[], p_calls text[], p_waves int[],
    p_states text[], p_outcomes text[], p_cached boolean[], p_details text[], p_began float8[], p_ended float8[]
) returns table (number int, at timestamptz) language plpgsql as $$
#variable_conflict use_column
declare
    v_at timestamptz := clock_timestamp();
    v_count int := cardinality(p_keys);
    v_job record;
begin
    if not p_asked or v_count = 0 then
        return next;
        return;
    end if;
    update job
    set events = events + 3 * v_count, steps = steps + v_count, waves = p_waves[v_count], moved_at = v_at, look_at = 0,
        bytes = bytes + (select coalesce(sum(length(outcome)), 0) from unnest(p_outcomes) outcome)
    where id = p_job
    returning events - 3 * v_count as events, steps - v_count as steps into v_job;
    with made as (
        select made.* from unnest(p_keys, p_invocations, p_calls, p_waves, p_states, p_outcomes, p_cached, p_details,
                                  p_began, p_ended) with ordinality
            as made (key, invocation, call, wave, state, outcome, cached, detail, began, ended, place)
    ), kept as (
        insert into step (job, key, number, wave, invocation, acts, state, attempt, worker, outcome, cached, queued_at,
                          started_at, finished_at, sent_at)
        select p_job, key, v_job.steps + place, wave, invocation, false, state, 1, p_worker, outcome, cached,
               v_at - make_interval(secs => began), v_at - make_interval(secs => began),
               v_at - make_interval(secs => ended), v_at
        from made
    )
    insert into event (job, number, at, kind, step, detail)
    select p_job, v_job.events + 3 * place - 2, v_at, 'step.queued', key,
           json_build_object('number', v_job.steps + place, 'wave', wave, 'call', call)::text
    from made
    union all
    select p_job, v_job.events + 3 * place - 1, v_at, 'step.running', key,
           json_build_object('attempt', 1, 'worker', p_worker)::text
    from made
    union all
    select p_job, v_job.events + 3 * place, v_at, 'step.' || state, key, detail from made;
    return query select v_job.events + 1, v_at;
end $$;

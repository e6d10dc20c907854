-- Tells what happens to sync runs, whichever statement does it.
--
-- The row of the run counts its events and is locked while one is added, so that their numbers follow each other
-- without gaps, and an event is there exactly when the transition is. A claim of the next page is no event: a page
-- that is kept is one, of a partition too. What else happens to a partition is told by its pages.

create function tell_new_sync_run() returns trigger language plpgsql as $$
begin
    insert into sync_event (serial, number, at, kind, detail)
    values (new.serial, 1, clock_timestamp(), 'run.' || new.state,
            json_build_object('mode', new.mode, 'trigger', new.trigger));
    return null;
end $$;

create function tell_sync_run() returns trigger language plpgsql as $$
declare
    v_kind text := 'run.' || new.state;
    v_detail json := '{}';
begin
    if new.pages <> old.pages then
        v_kind := 'page.kept';
        v_detail := json_build_object(
            'page', old.pages, 'rows', new.rows - old.rows, 'added', new.added - old.added,
            'updated', new.updated - old.updated, 'revived', new.revived - old.revived,
            'unchanged', new.unchanged - old.unchanged, 'rejected', new.rejected - old.rejected,
            'repeated', new.repeated - old.repeated, 'deleted', new.deleted - old.deleted);
    elsif new.state = 'waiting' then
        v_detail := json_build_object('cause', new.cause, 'seconds', greatest(
            round(extract(epoch from new.not_before - now()), 3), 0)::float8);
    elsif new.state = 'needs_approval' then
        v_detail := json_build_object('cause', new.cause);
    elsif new.state = 'queued' and old.state = 'running' then
        v_detail := json_build_object('cause', 'WorkerLost');
    elsif new.finished_at is not null then
        v_detail := json_strip_nulls(json_build_object(
            'rows', new.rows, 'added', new.added, 'updated', new.updated, 'revived', new.revived,
            'unchanged', new.unchanged, 'rejected', new.rejected, 'repeated', new.repeated, 'deleted', new.deleted,
            'seconds', round(extract(epoch from new.finished_at - new.queued_at), 3)::float8,
            'code', new.outcome::json -> 'v' ->> 0));
    end if;
    new.events := old.events + 1;
    insert into sync_event (serial, number, at, kind, detail)
    values (new.serial, new.events, clock_timestamp(), v_kind, v_detail);
    if new.finished_at is not null and v_kind <> 'page.kept' then
        -- A run that is resumed and ends again owes its message anew; who is sending the old one writes nothing more.
        insert into delivery (job, about, workspace, url, due_at)
        select new.run_id, 'run', workspace, callback, clock_timestamp()
        from sync_table where scope = new.scope and callback is not null
        on conflict (job) do update
        set url = excluded.url, state = 'pending', tries = 0, attempt = delivery.attempt + 1, due_at = excluded.due_at,
            lease_until = null, delivered_at = null, status = null, reason = '';
    elsif old.finished_at is not null and new.finished_at is null then
        update delivery
        set state = 'dead', attempt = attempt + 1, lease_until = null, reason = 'The run was resumed before it was told.'
        where job = new.run_id and state = 'pending';
    end if;
    return new;
end $$;

create trigger sync_run_begun after insert on sync_run for each row when (new.root is null)
execute function tell_new_sync_run();

create trigger sync_run_moved before update on sync_run for each row
when (new.root is null
      and (new.pages <> old.pages and old.finished_at is null
           or new.state <> old.state
              and not (old.state = 'queued' and new.state = 'running' and old.started_at is not null)))
execute function tell_sync_run();

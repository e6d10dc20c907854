-- The function by which a page of a sync table is kept: one round trip, and where it is called alone one commit.
--
-- The connections of workers commit without waiting for the disk. A page that a crash of the server takes back is read
-- again, as the place where it begins goes back with its rows, and it was at this page's number that its worker had its
-- claim: a claim is good for one page only. Who reads the change feed waits for the disk instead (see "changes" in
-- sync.sql), so that no number of it that anybody has seen is given out again.

-- Keeps the page of a claim, and the partitions that it names as far as its run has none of the name; no row when the
-- claim was lost, or the run of a partition rests. The run, or the partition and its run, and then the table are locked
-- until the end of the transaction. What is kept is kept for the run, at the number of its next page; "own" is who is
-- claimed. A page that leads to where one before it did is "looped", and nothing of it is kept.
create function keep_page(
    p_run_id text, p_fence int, p_page int, p_mark bytea, p_separator text, p_came_keys text, p_came_hashes text,
    p_came_documents text, p_came_notes text, p_gone text[], p_spared text[], p_rows bigint, p_rejected bigint,
    p_repeated bigint, p_continuation text, p_completion text, p_incomplete boolean, p_timings jsonb, p_taken boolean,
    p_lease float8, p_parts text[], p_beginnings text[]
) returns table (
    scope bigint, serial bigint, own bigint, page int, looped boolean,
    added bigint, updated bigint, revived bigint, unchanged bigint, deleted bigint, phase text
) language plpgsql as $$
#variable_conflict use_column
declare
    v_held record;
begin
    select sync_table.scope, top.serial, sync_run.serial as own, top.pages as page, top.mode,
           case when top.mode = 'incremental' then sync_table.parted end as parted
    into v_held
    from sync_run
    join sync_run top on top.serial = coalesce(sync_run.root, sync_run.serial)
    join sync_table on sync_table.scope = top.scope
    where sync_run.run_id = p_run_id and sync_run.fence = p_fence and sync_run.page = p_page
      and sync_run.state = 'running'
      and (sync_run.root is null or top.state in ('queued', 'running', 'waiting'))
    for no key update;
    if not found then
        return;
    end if;
    scope := v_held.scope;
    serial := v_held.serial;
    own := v_held.own;
    page := v_held.page;
    looped := exists (select from sync_page where sync_page.serial = v_held.serial and mark = p_mark);
    if not looped and cardinality(p_parts) > 0 then
        -- In an incremental run each partition begins with what it completed with the last time.
        with given as (
            select given.* from unnest(p_parts, p_beginnings) with ordinality given (part, continuation, place)
        ), divided as (
            insert into sync_part (serial, part, continuation, previous)
            select v_held.serial, given.part, given.continuation, before.completion
            from given left join sync_part before on before.serial = v_held.parted and before.part = given.part
            order by place
            on conflict (serial, part) do nothing
            returning part
        )
        update sync_run set partitions = partitions + (select count(*) from divided) where serial = v_held.serial;
    end if;
    if not looped then
        -- A statement of its own after the locks: it sees every page that was kept before.
        select kept.* into added, updated, revived, unchanged, deleted, phase
        from keep_rows(
            v_held.scope, v_held.serial, v_held.own, v_held.page, v_held.mode = 'full', p_mark, p_separator,
            p_came_keys, p_came_hashes, p_came_documents, p_came_notes, p_gone, p_spared, p_rows, p_rejected,
            p_repeated, p_continuation, p_completion, p_incomplete, p_timings, p_taken, p_lease) kept;
    end if;
    return next;
end $$;

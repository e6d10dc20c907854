-- The functions by which a page of a sync table is kept: one round trip, and where it is called alone one commit.
--
-- The connections of workers commit without waiting for the disk. A page that a crash of the server takes back is read
-- again, as the place where it begins goes back with its rows, and it was at this page's number that its worker had its
-- claim: a claim is good for one page only. Who reads the change feed waits for the disk instead (see "changes" in
-- sync.sql), so that no number of it that anybody has seen is given out again.

-- Keeps the rows of a page, which come as texts with a sign between them that is in none, and moves the run on. The run
-- and its table are held. Rows whose hash is the same are not touched; of rows with one key the last one counts. A
-- document is read as JSON only where it is kept. With a lease the next page is taken as well.
--
-- How it joins is said here, because nothing is known yet of rows that came a second ago: a page looks its rows up one
-- by one in an index, where anything else takes hours once they are many.
create function keep_rows(
    p_scope bigint, p_serial bigint, p_own bigint, p_page int, p_everything boolean, p_mark bytea, p_separator text,
    p_came_keys text, p_came_hashes text, p_came_documents text, p_came_notes text, p_gone text[], p_spared text[],
    p_rows bigint, p_rejected bigint, p_repeated bigint, p_continuation text, p_completion text, p_incomplete boolean,
    p_timings jsonb, p_taken boolean, p_lease float8
) returns table (added bigint, updated bigint, revived bigint, unchanged bigint, deleted bigint, phase text)
language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_material = off set enable_hashjoin = off
set enable_mergejoin = off as $$
#variable_conflict use_column
begin
    return query
    with came as materialized (
        select distinct on (given.row_key collate "C")
               given.row_key collate "C" as row_key, decode(given.hash, 'hex') as hash, given.document,
               nullif(given.notes, '') as notes
        from unnest(string_to_array(p_came_keys, p_separator), string_to_array(p_came_hashes, p_separator),
                    string_to_array(p_came_documents, p_separator), string_to_array(p_came_notes, p_separator))
             with ordinality given (row_key, hash, document, notes, place)
        order by given.row_key collate "C", place desc
    ), known as materialized (
        select came.*, sync_row.row_id, sync_row.hash as old, sync_row.deleted_at
        from came left join sync_row on sync_row.scope = p_scope and sync_row.row_key = came.row_key
    ), added as (
        insert into sync_row (scope, row_key, document, hash, notes, version, serial, page)
        select p_scope, row_key, document::jsonb, hash, notes::jsonb, 1, p_serial, p_page
        from known where row_id is null order by row_key
        returning row_id, row_key
    ), changed as (
        update sync_row
        set document = known.document::jsonb, hash = known.hash, notes = known.notes::jsonb, deleted_at = null,
            version = sync_row.version + 1, serial = p_serial, page = p_page
        from known
        where sync_row.row_id = known.row_id and (known.old <> known.hash or known.deleted_at is not null)
        returning sync_row.row_key, known.deleted_at is not null as revived
    ), lost as (
        update sync_row set deleted_at = now(), version = version + 1, serial = p_serial, page = p_page
        where scope = p_scope and row_key = any(p_gone) and deleted_at is null
          and not exists (select from came where came.row_key = sync_row.row_key)
        returning row_key
    ), news as (
        select row_key, 'add' as operation from added
        union all select row_key, case when revived then 'revive' else 'update' end from changed
        union all select row_key, 'delete' from lost
    ), numbered as (
        update sync_table set changes = changes + (select count(*) from news)
        where scope = p_scope and exists (select from news)
        returning changes
    ), told as (
        insert into sync_change (scope, change, row_key, operation, serial, page, at)
        select p_scope, changes - count(*) over () + row_number() over (order by row_key), row_key, operation, p_serial,
               p_page, now()
        from news, numbered
    ), met as (
        select row_id from added
        union all select row_id from known where row_id is not null
        union all select row_id from sync_row where scope = p_scope and row_key = any(p_spared)
    ), seen as (
        -- Arrays of 200 stay below the size from which on PostgreSQL keeps a value outside its row.
        insert into sync_seen (serial, page, piece, row_ids)
        select p_serial, p_page, piece, array_agg(row_id)
        from (select row_id, (row_number() over (order by row_id) - 1) / 200 as piece
              from met where p_everything) parted
        group by piece
    ), answered as (
        -- A row that was set aside is of no use once it has come again.
        delete from sync_reject
        where scope = p_scope and (row_key = any(p_spared) or row_key in (select row_key from came))
    ), tally as (
        select (select count(*) from added) as added, (select count(*) from changed where not revived) as updated,
               (select count(*) from changed where revived) as revived, (select count(*) from lost) as deleted,
               (select count(*) from known) - (select count(*) from added) - (select count(*) from changed) as unchanged
    ), moved as (
        update sync_run
        set state = case when finished_at is not null then state when p_taken then 'running' else 'queued' end,
            fence = fence + (p_taken)::integer, tries = (p_taken)::integer,
            lease_until = case when p_taken then clock_timestamp() + make_interval(secs => p_lease) end,
            sent_at = now(),
            page = sync_run.page + 1, pages = pages + (root is null)::integer,
            phase = case when p_continuation is not null then 'pages'
                         when partitions > partitions_read then 'partitions' else 'finish' end,
            continuation = p_continuation, completion = p_completion, incomplete = incomplete or p_incomplete,
            rows = rows + p_rows, added = sync_run.added + tally.added, updated = sync_run.updated + tally.updated,
            revived = sync_run.revived + tally.revived, unchanged = sync_run.unchanged + tally.unchanged,
            rejected = rejected + p_rejected, repeated = repeated + p_repeated,
            deleted = sync_run.deleted + tally.deleted
        from tally where serial = p_own
        returning phase
    ), summed as (
        update sync_run
        set pages = pages + 1,
            rows = rows + p_rows, added = sync_run.added + tally.added, updated = sync_run.updated + tally.updated,
            revived = sync_run.revived + tally.revived, unchanged = sync_run.unchanged + tally.unchanged,
            rejected = rejected + p_rejected, repeated = repeated + p_repeated,
            deleted = sync_run.deleted + tally.deleted
        from tally where serial = p_serial and serial <> p_own
    ), noted as (
        insert into sync_page (serial, page, mark, rows, added, updated, revived, unchanged, rejected, repeated,
                               deleted, timings, at)
        select p_serial, p_page, p_mark, p_rows, added, updated, revived, unchanged, p_rejected, p_repeated, deleted,
               p_timings, now()
        from tally
    )
    select added, updated, revived, unchanged, deleted, phase from tally, moved;
end $$;

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

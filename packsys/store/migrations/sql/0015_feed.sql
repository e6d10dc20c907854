-- The change feed in lines of up to a hundred changes, all of one kind and of one page: a line for each of them, with its
-- entry in an index, took a fourth of the time in which PostgreSQL keeps a page of new rows, and a fifth of its log.
--
-- "change" is the number of the last one of a line. A hundred keys nearly always stay below the size from which on
-- PostgreSQL keeps a value outside its row; what is longer it compresses first. Lines from before have one key each.
alter table sync_change alter column row_key type text[] using array[row_key];
alter table sync_change rename column row_key to row_keys;
alter table sync_change alter column row_keys set storage main;

-- Rows are found by their key alone: an index of their numbers would be written for each, and nobody would read it.
alter table sync_row drop constraint sync_row_pk;
alter table sync_row drop constraint sync_row_scope_row_key_uq;
alter table sync_row add constraint sync_row_pk primary key (scope, row_key);

-- Keeps the rows of a page, which come as texts with a sign between them that is in none, and moves the run on. The run
-- and its table are held. Rows whose hash is the same are not touched; of rows with one key the last one counts. A
-- document is read as JSON only where it is kept. With a lease the next page is taken as well.
--
-- How it joins is said here, because nothing is known yet of rows that came a second ago: a page looks its rows up one
-- by one in an index, where anything else takes hours once they are many.
create or replace function keep_rows(
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
        select came.*, sync_row.ctid as lies, sync_row.row_id, sync_row.hash as old, sync_row.deleted_at
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
        -- Where it was found it still lies: nobody else writes rows of a table that is held.
        where sync_row.ctid = known.lies and (known.old <> known.hash or known.deleted_at is not null)
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
        insert into sync_change (scope, change, row_keys, operation, serial, page, at)
        select p_scope, max(changes - total + place), array_agg(row_key order by place), operation, p_serial, p_page,
               now()
        from (select news.*, count(*) over () as total, row_number() over (order by operation, row_key) as place
              from news) listed, numbered
        group by operation, (place - 1) / 100
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

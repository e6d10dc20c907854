-- The statements of sync tables. A word after a colon is a parameter; one called as a column has its type.
--
-- Locks are taken in one order everywhere: a partition, its run, then its table, then rows. Whoever writes rows, or a line of the
-- change feed, holds the row of the table until the commit, so that one writes after the other, and the numbers of
-- the feed come in the order of the commits. Whoever works for a run names its fence; a later claim has a higher one.

-- name: start
-- Keeps a new run, or gives no row while its table is paused or has a live one.
insert into sync_run (run_id, scope, mode, trigger, state, phase, previous, queued_at, sent_at)
select :run_id, scope, case when last_completion is null then 'full' else :mode end, :trigger, 'queued', 'pages',
       case when :mode = 'incremental' then last_completion end, now(), now()
from sync_table
where table_id = :table_id and not paused
on conflict (scope) where finished_at is null and root is null do nothing
returning run_id

-- name: forget_seen
-- Forgets what the ended runs of a table have met: they are not resumed after a later one has begun.
delete from sync_seen
where serial in (
    select ended.serial from sync_run ended join sync_run begun using (scope)
    where begun.run_id = :run_id and ended.serial < begun.serial
)
returning page

-- name: forget_partitions
-- Forgets the partitions of the ended runs of a table, all but the completions of those that were read last.
with ended as (
    select ended.serial, parted
    from sync_run ended join sync_run begun using (scope) join sync_table using (scope)
    where begun.run_id = :run_id and ended.serial < begun.serial and ended.root is null
), parts as (
    delete from sync_part where serial in (select serial from ended where serial is distinct from parted)
)
delete from sync_run where root in (select serial from ended)
returning run_id

-- name: live
-- Finds the live run of a table.
select run_id from sync_run join sync_table using (scope)
where table_id = :table_id and finished_at is null and root is null

-- name: runs
-- Lists a table's runs, the newest first.
select * from sync_run join sync_table using (scope) where table_id = :table_id and root is null order by serial desc limit :limit

-- name: run
-- Finds a run.
select * from sync_run join sync_table using (scope) where run_id = :run_id

-- name: move
-- Does with a run what a person asks for; no row where its state does not allow it.
update sync_run
set state = :state, lease_until = null, not_before = null, sent_at = now(), sends = 0, tries = 0,
    cause = '', approved = coalesce(:approved, approved),
    outcome = case when :state = 'queued' then null else outcome end,
    finished_at = case when :state = 'cancelled' then now() end
where run_id = :run_id and state = any(:states) and root is null
  and (finished_at is null
       or not exists (select from sync_run later
                      where later.scope = sync_run.scope and later.serial > sync_run.serial and later.root is null))
returning run_id

-- name: claim
-- Takes a due page, or the finish, under the next fence; no row when it is held, kept, not due or ended, and for a
-- partition of a run that rests.
with claimed as (
    update sync_run
    set state = 'running', fence = fence + 1, tries = tries + 1, worker = :worker, not_before = null, sends = 0,
        cause = '', lease_until = now() + make_interval(secs => :lease), started_at = coalesce(started_at, now()),
        waits = case when state = 'waiting' then waits || jsonb_build_object(cause, round(
            coalesce((waits ->> cause)::numeric, 0) + extract(epoch from now() - sent_at), 3)) else waits end
    where run_id = :run_id and page = :page and phase <> 'partitions'
      and (root is null or exists (
           select from sync_run top
           where top.serial = sync_run.root and top.state in ('queued', 'running', 'waiting')))
      and (state = 'queued' or state = 'waiting' and not_before <= now() or state = 'running' and lease_until <= now())
    returning *
)
select * from claimed join sync_table using (scope)

-- name: renew
-- Holds a claim for longer; no row when it was lost.
update sync_run set lease_until = now() + make_interval(secs => :lease)
where run_id = :run_id and fence = :fence and state = 'running'
  and (root is null or exists (
      select from sync_run top where top.serial = sync_run.root and top.state in ('queued', 'running', 'waiting')))
returning run_id

-- name: hold
-- Locks a run, or a partition and its run, and the table until the end of the transaction; no row when the claim was
-- lost, or the run of a partition rests. What is kept is kept for the run, at the number of its next page; "own" is who
-- is claimed, "parted" the run that an incremental one looks for completions of partitions in. It also says how to join
-- until then, because nothing is known yet of rows that came a second ago: a page looks its rows up one by one in an
-- index, a finish compares everything with everything, and each way takes hours at the other's work.
select sync_table.scope, top.serial, top.pages as page, top.mode, swept, sync_run.serial as own,
       case when top.mode = 'incremental' then parted end as parted,
       set_config('enable_nestloop', case when :complete then 'off' else 'on' end, true) as nestloop,
       set_config('enable_seqscan', case when :complete then 'on' else 'off' end, true) as seqscan,
       set_config('enable_material', case when :complete then 'on' else 'off' end, true) as material,
       set_config('enable_hashjoin', case when :complete then 'on' else 'off' end, true) as hashjoin,
       set_config('enable_mergejoin', case when :complete then 'on' else 'off' end, true) as mergejoin,
       exists (select from sync_page where sync_page.serial = top.serial and mark = :mark) as looped
from sync_run
join sync_run top on top.serial = coalesce(sync_run.root, sync_run.serial)
join sync_table on sync_table.scope = top.scope
where sync_run.run_id = :run_id and sync_run.fence = :fence and sync_run.state = 'running'
  and (sync_run.root is null or top.state in ('queued', 'running', 'waiting'))
for no key update

-- name: beside
-- Makes a run that has ended, for rows that come beside any run, and holds its table; no row while there is a live one,
-- unless that is no matter, because all of it is taken back. It says how to join as for any page, see "hold".
with held as (
    select scope from sync_table where table_id = :table_id for no key update
)
insert into sync_run (run_id, scope, mode, trigger, state, phase, queued_at, sent_at, started_at, finished_at)
select :run_id, scope, 'incremental', :trigger, 'succeeded', 'pages', now(), now(), now(), now()
from held
where :everything or not exists (select from sync_run where sync_run.scope = held.scope and finished_at is null and root is null)
returning scope, serial, page, mode, serial as own,
          set_config('enable_seqscan', 'off', true) as seqscan, set_config('enable_material', 'off', true) as material,
          set_config('enable_hashjoin', 'off', true) as hashjoin, set_config('enable_mergejoin', 'off', true) as mergejoin

-- name: keep
-- Keeps the rows of a page, which come as texts with a sign between them that is in none, and moves the run on. Rows whose hash is the same are not touched;
-- of rows with one key the last one counts. A document is read as JSON only where it is kept. With a lease the next
-- page is taken as well. What adds to the feed waits for the disk: who has read a change must not find another one by its
-- number after a crash. A page that changes nothing does not, and is read again then.
with came as materialized (
    select distinct on (given.row_key collate "C")
           given.row_key collate "C" as row_key, decode(given.hash, 'hex') as hash, given.document,
           nullif(given.notes, '') as notes
    from unnest(string_to_array(:came_keys, :separator), string_to_array(:came_hashes, :separator),
                string_to_array(:came_documents, :separator), string_to_array(:came_notes, :separator))
         with ordinality given (row_key, hash, document, notes, place)
    order by given.row_key collate "C", place desc
), known as materialized (
    select came.*, sync_row.row_id, sync_row.hash as old, sync_row.deleted_at
    from came left join sync_row on sync_row.scope = :scope and sync_row.row_key = came.row_key
), added as (
    insert into sync_row (scope, row_key, document, hash, notes, version, serial, page)
    select :scope, row_key, document::jsonb, hash, notes::jsonb, 1, :serial, :page
    from known where row_id is null order by row_key
    returning row_id, row_key
), changed as (
    update sync_row
    set document = known.document::jsonb, hash = known.hash, notes = known.notes::jsonb, deleted_at = null,
        version = sync_row.version + 1, serial = :serial, page = :page
    from known
    where sync_row.row_id = known.row_id and (known.old <> known.hash or known.deleted_at is not null)
    returning sync_row.row_key, known.deleted_at is not null as revived
), lost as (
    update sync_row set deleted_at = now(), version = version + 1, serial = :serial, page = :page
    where scope = :scope and row_key = any(:gone) and deleted_at is null
      and not exists (select from came where came.row_key = sync_row.row_key)
    returning row_key
), news as (
    select row_key, 'add' as operation from added
    union all select row_key, case when revived then 'revive' else 'update' end from changed
    union all select row_key, 'delete' from lost
), numbered as (
    update sync_table set changes = changes + (select count(*) from news)
    where scope = :scope and exists (select from news)
    returning changes
), told as (
    insert into sync_change (scope, change, row_key, operation, serial, page, at)
    select :scope, changes - count(*) over () + row_number() over (order by row_key), row_key, operation, :serial, :page,
           now()
    from news, numbered
), met as (
    select row_id from added
    union all select row_id from known where row_id is not null
    union all select row_id from sync_row where scope = :scope and row_key = any(:spared)
), seen as (
    -- Arrays of 200 stay below the size from which on PostgreSQL keeps a value outside its row.
    insert into sync_seen (serial, page, piece, row_ids)
    select :serial, :page, piece, array_agg(row_id)
    from (select row_id, (row_number() over (order by row_id) - 1) / 200 as piece from met where :everything) parted
    group by piece
), answered as (
    -- A row that was set aside is of no use once it has come again.
    delete from sync_reject
    where scope = :scope and (row_key = any(:spared) or row_key in (select row_key from came))
), tally as (
    select (select count(*) from added) as added, (select count(*) from changed where not revived) as updated,
           (select count(*) from changed where revived) as revived, (select count(*) from lost) as deleted,
           (select count(*) from known) - (select count(*) from added) - (select count(*) from changed) as unchanged
), moved as (
    update sync_run
    set state = case when finished_at is not null then state when :taken then 'running' else 'queued' end,
        fence = fence + (:taken)::integer, tries = (:taken)::integer,
        lease_until = case when :taken then clock_timestamp() + make_interval(secs => :lease) end, sent_at = now(),
        page = sync_run.page + 1, pages = pages + (root is null)::integer,
        phase = case when :continuation is not null then 'pages' when partitions > partitions_read then 'partitions'
                     else 'finish' end,
        continuation = :continuation, completion = :completion, incomplete = incomplete or :incomplete,
        rows = rows + :rows, added = sync_run.added + tally.added, updated = sync_run.updated + tally.updated,
        revived = sync_run.revived + tally.revived, unchanged = sync_run.unchanged + tally.unchanged,
        rejected = rejected + :rejected, repeated = repeated + :repeated, deleted = sync_run.deleted + tally.deleted
    from tally where serial = :own
    returning phase
), summed as (
    update sync_run
    set pages = pages + 1,
        rows = rows + :rows, added = sync_run.added + tally.added, updated = sync_run.updated + tally.updated,
        revived = sync_run.revived + tally.revived, unchanged = sync_run.unchanged + tally.unchanged,
        rejected = rejected + :rejected, repeated = repeated + :repeated, deleted = sync_run.deleted + tally.deleted
    from tally where serial = :serial and serial <> :own
), noted as (
    insert into sync_page (serial, page, mark, rows, added, updated, revived, unchanged, rejected, repeated, deleted,
                           timings, at)
    select :serial, :page, :mark, :rows, added, updated, revived, unchanged, :rejected, :repeated, deleted,
           :timings, now()
    from tally
)
select added, updated, revived, unchanged, deleted, phase,
       case when exists (select from news) then set_config('synchronous_commit', 'on', true) end as waits
from tally, moved

-- name: divide
-- Gives a held run partitions, as far as it has none of the name. In an incremental run each begins with what it
-- completed with the last time.
with given as (
    select part, continuation, place from unnest(:parts, :beginnings) with ordinality given (part, continuation, place)
), added as (
    insert into sync_part (serial, part, continuation, previous)
    select :serial, given.part, given.continuation, before.completion
    from given left join sync_part before on before.serial = :parted and before.part = given.part
    order by place
    on conflict (serial, part) do nothing
    returning part
)
update sync_run set partitions = partitions + (select count(*) from added) where serial = :serial
returning serial

-- name: close
-- Ends a partition whose last page was kept, and has its held run finish where it was the last one.
with ended as (
    delete from sync_run where serial = :own returning root, part, completion, incomplete, waits
), noted as (
    update sync_part set completion = ended.completion, continuation = null
    from ended where sync_part.serial = ended.root and sync_part.part = ended.part
)
update sync_run top
set partitions_read = partitions_read + 1, incomplete = top.incomplete or ended.incomplete,
    phase = case when phase = 'partitions' and partitions_read + 1 = partitions then 'finish' else phase end,
    sent_at = case when phase = 'partitions' then now() else sent_at end,
    waits = (select coalesce(jsonb_object_agg(cause, total), '{}')
             from (select key as cause, sum(value::numeric) as total
                   from (select * from jsonb_each_text(top.waits)
                         union all select * from jsonb_each_text(ended.waits)) waited group by key) totals)
from ended where top.serial = ended.root
returning run_id, phase

-- name: open
-- Begins partitions of a held run, as many as may be read side by side.
with chosen as (
    select ordinal, part, continuation, previous from sync_part
    where serial = :serial and not begun
    order by ordinal
    limit greatest(:width - (select count(*) from sync_run where root = :serial), 0)
), begun as (
    update sync_part set begun = true from chosen where sync_part.serial = :serial and sync_part.part = chosen.part
), opened as (
    insert into sync_run (run_id, scope, root, part, mode, trigger, state, phase, continuation, previous,
                          queued_at, sent_at, started_at)
    select run_id || ':' || ordinal, scope, serial, chosen.part, mode, trigger, 'queued', 'pages', chosen.continuation,
           chosen.previous, now(), now(), started_at
    from chosen cross join sync_run where serial = :serial
    returning *
)
select * from opened join sync_table using (scope) order by serial

-- name: reject
-- Sets a row aside.
insert into sync_reject (scope, serial, page, row_key, raw, reasons, at)
values (:scope, :serial, :page, :row_key, :raw, :reasons, now())
returning letter

-- name: enter
-- Has the account of a table that begins a run take its turn with those that are at work: what it did not use while it
-- rested is not saved up.
insert into sync_lane (lane, served)
select lane, coalesce((
    select min(others.served)
    from sync_run join sync_table using (scope) join sync_lane others using (lane)
    where finished_at is null and run_id <> :run_id
), 0)
from sync_table where table_id = :table_id
on conflict (lane) do update set served = greatest(sync_lane.served, excluded.served)
returning lane

-- name: serve
-- Counts the seconds of a worker that an account has had, by its weight.
update sync_lane set served = served + :seconds / weight
from sync_table where sync_table.lane = sync_lane.lane and table_id = :table_id
returning sync_lane.lane

-- name: turn
-- Names the due run of the account that has had the least.
select run_id, sync_run.page
from sync_run join sync_table using (scope) left join sync_lane using (lane)
where finished_at is null and phase <> 'partitions'
  and (state = 'queued' or state = 'waiting' and not_before <= now())
  and (root is null or exists (
           select from sync_run top
           where top.serial = sync_run.root and top.state in ('queued', 'running', 'waiting')))
order by coalesce(served, 0), sent_at, serial
limit 1

-- name: park
-- Gives a claim back, to be due later; no row when it was lost.
update sync_run
set state = 'waiting', not_before = now() + make_interval(secs => :delay), cause = :cause, lease_until = null,
    sent_at = now(), sends = 0, tries = tries - :untried
where run_id = :run_id and fence = :fence and state = 'running'
  and (root is null or exists (
      select from sync_run top where top.serial = sync_run.root and top.state in ('queued', 'running', 'waiting')))
returning run_id

-- name: fail
-- Ends a run; no row when the claim was lost. The run of a partition ends with it, and the partition stays where it is.
with failed as (
    update sync_run
    set state = case when root is null then 'failed' else 'queued' end, lease_until = null,
        outcome = case when root is null then :outcome end, finished_at = case when root is null then now() end,
        tries = case when root is null then tries else 0 end, sent_at = now()
    where run_id = :run_id and fence = :fence and state = 'running'
      and (root is null or exists (
          select from sync_run top where top.serial = sync_run.root and top.state in ('queued', 'running', 'waiting')))
    returning run_id, root
), ended as (
    update sync_run set state = 'failed', outcome = :outcome, lease_until = null, finished_at = now()
    from failed where serial = failed.root and state in ('queued', 'running', 'waiting')
)
select run_id from failed

-- name: evidence
-- Counts the live rows of a table, those that the run has not met, and those that were missed often enough.
with met as (
    select distinct unnest(row_ids) as row_id from sync_seen where serial = :serial
)
select count(*) as live, count(*) filter (where met.row_id is null) as missing,
       count(*) filter (
           where met.row_id is null and case when missed_in = :swept then sync_row.strikes else 0 end + 1 >= :strikes
       ) as doomed,
       (select count(*) from sync_reject where serial = :serial and row_key is null) as nameless
from sync_row left join met using (row_id)
where scope = :scope and deleted_at is null

-- name: sweep
-- Deletes, or gives a strike to, some rows that a held run has not met. A strike counts if the run before this one
-- that had complete evidence missed the row as well.
with met as materialized (
    select distinct unnest(row_ids) as row_id from sync_seen where serial = :serial
), chosen as materialized (
    select row_id, case when missed_in = :swept then strikes else 0 end + 1 as struck
    from sync_row left join met using (row_id)
    where scope = :scope and deleted_at is null and missed_in is distinct from :serial and met.row_id is null
    order by row_key
    limit :limit
), judged as (
    update sync_row
    set missed_in = :serial, strikes = struck,
        deleted_at = case when struck >= :strikes then now() end,
        version = case when struck >= :strikes then version + 1 else version end,
        serial = case when struck >= :strikes then :serial else serial end,
        page = case when struck >= :strikes then :page else page end
    from chosen where sync_row.row_id = chosen.row_id
    returning row_key, deleted_at is not null as doomed
), numbered as (
    update sync_table set changes = changes + (select count(*) from judged where doomed)
    where scope = :scope and exists (select from judged where doomed)
    returning changes
), told as (
    insert into sync_change (scope, change, row_key, operation, serial, page, at)
    select :scope, changes - count(*) over () + row_number() over (order by row_key), row_key, 'delete', :serial, :page,
           now()
    from judged, numbered where doomed
), tally as (
    select count(*) filter (where doomed) as deleted, count(*) filter (where not doomed) as missed from judged
), moved as (
    -- As a page that is kept: who gets on has not been tried in vain.
    update sync_run
    set deleted = sync_run.deleted + tally.deleted, missed = sync_run.missed + tally.missed, tries = 0
    from tally where serial = :serial and tally.deleted + tally.missed > 0
)
select deleted, missed from tally

-- name: ask
-- Has a run wait for a person; no row when the claim was lost.
update sync_run set state = 'needs_approval', cause = :cause, lease_until = null, sent_at = now()
where run_id = :run_id and fence = :fence and state = 'running'
returning run_id

-- name: accept
-- Writes down that a run may delete; no row when the claim was lost.
update sync_run set approved = true where run_id = :run_id and fence = :fence and state = 'running' returning run_id

-- name: conclude
-- Ends a run that is held, and gives its table what it brings. After an incremental run that knows that it is
-- incomplete the next one must be a full one.
with ended as (
    update sync_run set state = 'succeeded', finished_at = now(), lease_until = null
    where serial = :serial
    returning *
), forgotten as (
    delete from sync_seen where serial = :serial
), carried as (
    -- A partition that an incremental run had no reason to name begins next time where it would have begun now.
    insert into sync_part (serial, part, completion, begun)
    select ended.serial, sync_part.part, sync_part.completion, true
    from ended join sync_table using (scope) join sync_part on sync_part.serial = parted
    where ended.mode = 'incremental'
    on conflict (serial, part) do nothing
), parts as (
    delete from sync_part using ended join sync_table using (scope) where sync_part.serial = parted
)
update sync_table
set parted = ended.serial,
    last_completion = case when ended.incomplete then null else ended.completion end,
    swept = case when :complete then ended.serial else swept end
from ended where sync_table.scope = ended.scope
returning sync_table.table_id

-- name: rows
-- Lists rows by key.
select row_key, document, notes, version, run_id, sync_row.page, deleted_at
from sync_row join sync_run using (serial)
where sync_row.scope = (select scope from sync_table where table_id = :table_id)
  and row_key > :row_key and (:everything or deleted_at is null)
order by row_key
limit :limit

-- name: changes
-- Lists lines of the change feed.
select change, row_key, operation, run_id, sync_change.page, at
from sync_change join sync_run using (serial)
where sync_change.scope = (select scope from sync_table where table_id = :table_id) and change > :change
order by change
limit :limit

-- name: dead_letters
-- Lists rows that were set aside.
select letter, row_key, raw, reasons, run_id, sync_reject.page, at
from sync_reject join sync_run using (serial)
where sync_reject.scope = (select scope from sync_table where table_id = :table_id) and letter > :letter
order by letter
limit :limit

-- name: discard
-- Forgets rows that were set aside.
delete from sync_reject
where scope = (select scope from sync_table where table_id = :table_id) and letter = any(:counted)
returning letter

-- name: pages
-- Lists the ledger of a run.
select sync_page.*, run_id
from sync_page join sync_run using (serial)
where run_id = :run_id and sync_page.page > :page
order by sync_page.page
limit :limit

-- name: lost
-- Queues runs whose lease ran out; the ones that were tried too often fail. A partition fails with its next claim, which
-- has its run fail.
with late as (
    select serial from sync_run
    where finished_at is null and state = 'running' and lease_until <= now()
    order by serial
    limit :limit
    for no key update skip locked
), released as (
    update sync_run
    set state = case when tries < :attempts or root is not null then 'queued' else 'failed' end,
        outcome = case when tries < :attempts or root is not null then null else :outcome end,
        finished_at = case when tries < :attempts or root is not null then null else now() end,
        lease_until = null, sent_at = now()
    from late where sync_run.serial = late.serial
    returning sync_run.*
)
select * from released join sync_table using (scope) order by serial

-- name: unsent
-- Lists due runs that nobody took, those of the account first that has had the least, and marks them as sent now. A
-- parked one is due at once; the wait doubles up to 2^10 times the grace.
with late as (
    select serial from sync_run
    where finished_at is null and state in ('queued', 'waiting') and phase <> 'partitions'
      and (root is null or exists (
           select from sync_run top
           where top.serial = sync_run.root and top.state in ('queued', 'running', 'waiting')))
      and case when state = 'waiting' and sends = 0 then not_before
               else greatest(sent_at, not_before) + make_interval(secs => :grace * 2 ^ least(sends, 10)) end <= now()
    order by serial
    limit :limit
    for no key update skip locked
), sent as (
    update sync_run set sent_at = case when state = 'waiting' then sent_at else now() end, sends = sends + 1
    from late where sync_run.serial = late.serial
    returning sync_run.*
)
select * from sent join sync_table using (scope) left join sync_lane using (lane)
order by coalesce(served, 0), serial

-- name: seize
-- Holds the live run of a table, if there is one, until it is deleted: its worker writes nothing any more.
select serial from sync_run join sync_table using (scope)
where table_id = :table_id and finished_at is null
for update of sync_run

-- name: seize_table
-- Holds a table until it is deleted. What was being written for it is seen by the statement after this one.
select scope from sync_table where table_id = :table_id for update

-- name: forget
-- Deletes a table that is held, with all that is kept for it.
with gone as (
    delete from sync_table where table_id = :table_id returning scope
), runs as (
    select serial from sync_run join gone using (scope)
), parts as (
    delete from sync_part where serial in (select serial from runs)
), pages as (
    delete from sync_page where serial in (select serial from runs)
), seen as (
    delete from sync_seen where serial in (select serial from runs)
), kept as (
    delete from sync_row where scope in (select scope from gone)
), told as (
    delete from sync_change where scope in (select scope from gone)
), rejected as (
    delete from sync_reject where scope in (select scope from gone)
)
select scope from gone

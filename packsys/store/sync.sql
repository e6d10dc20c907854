-- The statements of sync tables. A word after a colon is a parameter; one called as a column has its type.
--
-- Locks are taken in one order everywhere: a partition, its run, then its table, then rows. Whoever writes rows, or a
-- line of the change feed, holds the row of the table until the commit, so that one writes after the other, and the
-- numbers of the feed come in the order of the commits. Whoever works for a run names its fence; a later claim has a
-- higher one.

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
select * from sync_run join sync_table using (scope)
where table_id = :table_id and root is null
order by serial desc
limit :limit

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
-- Holds those claims for longer on whose runs nobody is at work, and lists all that were not lost.
with held as (
    select run_id, page, fence
    from unnest(:run_ids, :run_pages, :fences) as mine (run_id, page, fence) join sync_run using (run_id, page, fence)
    where state = 'running'
      and (root is null or exists (
          select from sync_run top where top.serial = sync_run.root and top.state in ('queued', 'running', 'waiting')))
), free as (
    select run_id
    from held join sync_run using (run_id, page, fence)
    where state = 'running'
    for no key update of sync_run skip locked
), longer as (
    update sync_run set lease_until = now() + make_interval(secs => :lease)
    from free where sync_run.run_id = free.run_id
)
select run_id, page, fence from held

-- name: hold
-- Locks a run and its table until the end of the transaction; no row when the claim was lost. "page" is the number of
-- its next one. It also says how to join until then, because nothing is known yet of rows that came a second ago: a
-- finish compares everything with everything, which takes hours row by row.
select sync_table.scope, sync_run.serial, pages as page, swept, set_config('enable_nestloop', 'off', true) as nestloop
from sync_run join sync_table using (scope)
where run_id = :run_id and fence = :fence and sync_run.page = :page and state = 'running'
for no key update

-- name: beside
-- Makes a run that has ended, for rows that come beside any run, and holds its table; no row while there is a live one,
-- unless that is no matter, because all of it is taken back.
with held as (
    select scope from sync_table where table_id = :table_id for no key update
)
insert into sync_run (run_id, scope, mode, trigger, state, phase, queued_at, sent_at, started_at, finished_at)
select :run_id, scope, 'incremental', :trigger, 'succeeded', 'pages', now(), now(), now(), now()
from held
where :everything
   or not exists (select from sync_run where sync_run.scope = held.scope and finished_at is null and root is null)
returning scope, serial, page, mode, serial as own

-- name: keep
-- Keeps rows that come beside any run, in one that is held.
select added, updated, revived, unchanged, deleted, phase
from keep_rows(:scope, :serial, :own, :page, :everything, :mark, :separator, :came_keys, :came_hashes, :came_documents,
               :came_notes, :gone, :spared, :rows, :rejected, :repeated, :continuation, :completion, :incomplete,
               :timings, :taken, :lease)

-- name: keep_page
-- Keeps the page of a claim; no row when the claim was lost, see migration 0013.
select *
from keep_page(:run_id, :fence, :page, :mark, :separator, :came_keys, :came_hashes, :came_documents, :came_notes, :gone,
               :spared, :rows, :rejected, :repeated, :continuation, :completion, :incomplete, :timings, :taken, :lease,
               :parts, :beginnings)

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
where run_id = :run_id and fence = :fence and page = :page and state = 'running'
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
    where run_id = :run_id and fence = :fence and page = :page and state = 'running'
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
    select row_key, case when missed_in = :swept then strikes else 0 end + 1 as struck
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
    from chosen where sync_row.scope = :scope and sync_row.row_key = chosen.row_key
    returning sync_row.row_key, deleted_at is not null as doomed
), numbered as (
    update sync_table set changes = changes + (select count(*) from judged where doomed)
    where scope = :scope and exists (select from judged where doomed)
    returning changes
), told as (
    insert into sync_change (scope, change, row_keys, operation, serial, page, at)
    select :scope, max(changes - total + place), array_agg(row_key order by place), 'delete', :serial, :page, now()
    from (select row_key, count(*) over () as total, row_number() over (order by row_key) as place
          from judged where doomed) listed, numbered
    group by (place - 1) / 100
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
where run_id = :run_id and fence = :fence and page = :page and state = 'running'
returning run_id

-- name: accept
-- Writes down that a run may delete; no row when the claim was lost.
update sync_run set approved = true
where run_id = :run_id and fence = :fence and page = :page and state = 'running'
returning run_id

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
-- Lists lines of the change feed once they are on the disk: who has read a change must not find another one by its
-- number after a crash, and pages do not wait when they are kept. A line of our own in the log has the commit of this
-- statement wait for it, and so for all that it has seen.
select last - cardinality(row_keys) + place as change, row_key, operation, run_id, page, at,
       (select pg_logical_emit_message(true, 'packsys', '')
        where pg_current_wal_flush_lsn() < pg_current_wal_insert_lsn()) as written
from (select change as last, row_keys, operation, run_id, sync_change.page, at
      from sync_change join sync_run using (serial)
      where sync_change.scope = (select scope from sync_table where table_id = :table_id) and change > :change
      order by change
      limit :limit) listed, unnest(row_keys) with ordinality told (row_key, place)
where last - cardinality(row_keys) + place > :change
order by last, place
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
-- Queues runs whose lease ran out; the ones that were tried too often fail. A partition fails with its next claim,
-- which has its run fail.
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
-- Holds the live run of a table, if there is one, until it is deleted: its workers write nothing any more.
select serial from sync_run join sync_table using (scope)
where table_id = :table_id and finished_at is null
order by root is null, serial
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

-- Finds the result of a call, or says who is to make it. Times are milliseconds.
--
-- KEYS: the entry · the flight · what is handed · to whom · the generation of each tag.
-- ARGV: who asks · lease · early · a name for new generations · seconds for which a generation is kept.
--
-- An entry is 'stamp fresh_until cost', a line break, and the value; a flight is 'who stamp'. A stamp is the digest of
-- the generations: one that the server lost is followed by one that never was, so that what was kept under it is lost.
--
-- Gives {1, entry, how long it is fresh} · {2, outcome} · {3, stamp, entry or '', how long it is fresh} · {4, wait}.

local call = redis.call
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

if call('SREM', KEYS[4], ARGV[1]) == 1 then
  local outcome = call('GET', KEYS[3])
  if outcome then
    return { 2, outcome }
  end
end

local generations = #KEYS > 4 and call('MGET', unpack(KEYS, 5)) or {}
for tag, generation in ipairs(generations) do
  if not generation then
    generations[tag] = ARGV[4]
    call('SET', KEYS[tag + 4], ARGV[4], 'EX', ARGV[5])
  end
end
local stamp = redis.sha1hex(table.concat(generations, ' '))

local entry, left = call('GET', KEYS[1]), 0
if entry and string.sub(entry, 1, 40) ~= stamp then
  entry = false
end
if entry then
  local fresh, cost = string.match(entry, '^%x+ (%d+) (%d+)\n')
  if not fresh then
    entry = false
  else
    left = fresh - now
    if left > 0 and left > cost * ARGV[3] then
      return { 1, entry, left }
    end
  end
end

-- A flight that began before a tag was forgotten brings what is not wanted any more.
local flight, mine = call('GET', KEYS[2]), ARGV[1] .. ' ' .. stamp
if flight and flight ~= mine and string.sub(flight, -40) == stamp then
  if entry then
    return { 1, entry, left }
  end
  return { 4, call('PTTL', KEYS[2]) }
end
call('SET', KEYS[2], mine, 'PX', ARGV[2])
return { 3, stamp, entry or '', left }

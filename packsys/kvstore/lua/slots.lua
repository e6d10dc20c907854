-- Lets calls run while there is room in every pool, and hands what is free to those who wait, the first first.
--
-- KEYS: for each pool its slots, and who waits for one.
-- ARGV: now ('' asks the server) · 'take', 'wait', 'free' or 'decline' · who · lease · how long it is noted who waits ·
-- the limit of each pool. Times are milliseconds.
--
-- A slot that was handed out is held under '?' and the name, until its holder comes and takes it: so whoever finds that
-- a holder does not come gives back what was held, and never what was taken meanwhile.
--
-- Gives {1 where it was granted, who is to be woken …}.

local call = redis.call
local now = tonumber(ARGV[1])
if not now then
  local clock = call('TIME')
  now = clock[1] * 1000 + math.floor(clock[2] / 1000)
end
local verb, who, lease = ARGV[2], ARGV[3], tonumber(ARGV[4])
local held, pools, woken, full = '?' .. who, #KEYS / 2, { 0 }, false

local function lend(slots, name)
  call('ZADD', slots, now + lease, name)
  call('PEXPIRE', slots, lease)
end

local function hand_out(pool)
  local slots, line, most = KEYS[2 * pool - 1], KEYS[2 * pool], tonumber(ARGV[5 + pool])
  call('ZREMRANGEBYSCORE', slots, '-inf', now)
  while call('ZCARD', slots) < most do
    local first = call('ZPOPMIN', line)[1]
    if not first then
      return
    end
    lend(slots, '?' .. first)
    if first ~= who then
      woken[#woken + 1] = first
    end
  end
end

for pool = 1, pools do
  local slots, line = KEYS[2 * pool - 1], KEYS[2 * pool]
  if verb == 'free' then
    call('ZREM', slots, who)
    call('ZREM', line, who)
  end
  if verb == 'free' or verb == 'decline' then
    call('ZREM', slots, held)
  end
  hand_out(pool)
  local mine = call('ZSCORE', slots, who) or call('ZSCORE', slots, held)
  if not mine and call('ZCARD', slots) >= tonumber(ARGV[5 + pool]) then
    full = full or pool
  end
end

if (verb == 'take' or verb == 'wait') and not full then
  for pool = 1, pools do
    local slots = KEYS[2 * pool - 1]
    local runs = verb == 'take' or call('ZSCORE', slots, who)
    call('ZREM', KEYS[2 * pool], who)
    call('ZREM', slots, held)
    lend(slots, runs and who or held)
  end
  woken[1] = 1
elseif full and verb == 'take' then
  -- What it has in other pools helps others more.
  for pool = 1, pools do
    if call('ZREM', KEYS[2 * pool - 1], who, held) > 0 then
      hand_out(pool)
    end
  end
elseif full and verb == 'wait' then
  call('ZADD', KEYS[2 * full], 'NX', now, who)
  call('PEXPIRE', KEYS[2 * full], ARGV[5])
end
return woken

-- Takes every permit and slot that a request needs, or none. Times are microseconds.
--
-- KEYS: the brake of each place · for each log its times, and its count where the grain is more than 1 · the slots of
-- each pool · the counter of turns.
-- ARGV: now ('' asks the server) · id · lease · figures, as big-endian doubles: places · logs · pools · for each log
-- weight, grain, kept, longest, windows, and limit and length of each window · for each pool its limit.
-- Words in capitals are the figures of packsys.limits.brake, and the numbers of causes.
--
-- Gives 0, or as big-endian doubles: wait, cause, turn, and limit and length of the window that has no room.

local call = redis.call
local now = tonumber(ARGV[1])
if not now then
  local clock = call('TIME')
  now = clock[1] * 1000000 + clock[2]
end
local figures = { struct.unpack('>' .. string.rep('d', #ARGV[4] / 8), ARGV[4]) }
local places, logs, pools = figures[1], figures[2], figures[3]
local wait, cause, limit, length = 0, 0, 0, 0

-- What the service said.
local braked = {}
local said_something = call('EXISTS', unpack(KEYS, 1, places)) > 0
for place = 1, said_something and places or 0 do
  local said = call('HMGET', KEYS[place], 'until', 'last', 'left', 'reset')
  local ends, last, left, reset = tonumber(said[1]), tonumber(said[2]), tonumber(said[3]), tonumber(said[4])
  local slow = ends and now < ends + CALM
  if slow and now < ends and ends - now > wait then
    wait, cause = ends - now, SERVICE
  elseif slow and now >= ends and last then
    local held = last + math.floor(FIRST_GAP * 0.5 ^ ((now - ends) / HALVING)) - now
    if held > wait then
      wait, cause = held, RECOVERY
    end
  end
  local counted = reset and now < reset
  if counted and left < 1 and reset - now > wait then
    wait, cause = reset - now, SERVICE
  end
  braked[place] = { slow, counted }
end

-- What is counted.
local key, argument = places + 1, 4
local counts = {}
for log = 1, logs do
  local times, weight, grain, windows = KEYS[key], figures[argument], figures[argument + 1], figures[argument + 4]
  key, argument = key + 1, argument + 5
  local count = 0
  if grain > 1 then
    count = tonumber(call('GET', KEYS[key]) or 0)
    key = key + 1
  end
  counts[log] = count
  for _ = 1, windows do
    local most, window = figures[argument], figures[argument + 1]
    argument = argument + 2
    local back = most - weight
    if grain > 1 then
      local first = math.ceil((count - most + weight - 1) / grain)
      back = first < 0 and -1 or math.floor((count - 1) / grain) - first
    end
    local before = back >= 0 and call('LINDEX', times, back)
    if before and before + window - now > wait then
      wait, cause, limit, length = before + window - now, RATE, most, window
    end
  end
end

-- What is under way. Slots that nobody gave back are looked for when all are taken.
local first_pool = key
for index = 0, pools - 1 do
  local slots, most = KEYS[first_pool + index], figures[argument + index]
  local taken = call('ZCARD', slots)
  if taken >= most and taken - call('ZREMRANGEBYSCORE', slots, '-inf', now) >= most then
    local held = math.min(call('ZRANGE', slots, 0, 0, 'WITHSCORES')[2] - now, POLL)
    if held > wait then
      wait, cause, limit, length = held, SLOTS, most, 0
    end
  end
end

if wait > 0 then
  local turn = wait
  if wait > PARKED then
    -- Who lost a counter of turns lost nothing, so that it is not written to the log of the server or to its replicas:
    -- else each refusal would cost a write to a disk.
    redis.set_repl(redis.REPL_NONE)
    local place = call('INCR', KEYS[first_pool + pools])
    if place == 1 then
      call('PEXPIRE', KEYS[first_pool + pools], math.ceil(wait / 1000))
    end
    if limit > 0 and length > 0 then
      turn = wait + math.floor((place - 1) / limit) * length
    end
  end
  return struct.pack('>ddddd', wait, cause, turn, limit, length)
end

local stamp = string.format('%.0f', now)
for place = 1, #braked do
  if braked[place][1] then
    call('HSET', KEYS[place], 'last', stamp)
  end
  if braked[place][2] then
    call('HINCRBY', KEYS[place], 'left', -1)
  end
end
key, argument = places + 1, 4
for log = 1, logs do
  local times, weight, grain, longest = KEYS[key], figures[argument], figures[argument + 1], figures[argument + 3]
  local kept, count, size = figures[argument + 2], counts[log], 0
  for number = count, count + weight - 1 do
    if number % grain == 0 then
      size = call('LPUSH', times, stamp)
    end
  end
  if size > kept then
    call('LTRIM', times, 0, kept - 1)
  end
  call('PEXPIRE', times, longest)
  key, argument = key + 1, argument + 5 + 2 * figures[argument + 4]
  if grain > 1 then
    call('SET', KEYS[key], string.format('%.0f', count + weight), 'PX', longest)
    key = key + 1
  end
end
for index = 0, pools - 1 do
  local slots = KEYS[first_pool + index]
  call('ZADD', slots, now + ARGV[3], ARGV[2])
  call('PEXPIRE', slots, math.ceil((call('ZRANGE', slots, -1, -1, 'WITHSCORES')[2] - now) / 1000))
end
return 0

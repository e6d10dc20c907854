-- Takes every permit and slot that a request needs, or none. Times are microseconds.
--
-- KEYS: the brake of each place · for each log its times, and its count where the grain is more than 1 · the slots of
-- each pool · the counter of turns.
-- ARGV: now ('' asks the server) · id · lease · figures, as big-endian doubles: places · logs · pools · for each log
-- weight, grain, kept, longest, windows, and limit and length of each window · for each pool its limit.
-- Words in capitals are the figures of packsys.limits.brake.
--
-- Gives 0, or wait, cause, turn, and limit and length of the window that has no room.

local now = tonumber(ARGV[1])
if not now then
  local clock = redis.call('TIME')
  now = clock[1] * 1000000 + clock[2]
end
local figures = { struct.unpack('>' .. string.rep('d', #ARGV[4] / 8), ARGV[4]) }
local places, logs, pools = figures[1], figures[2], figures[3]
local wait, cause, limit, length = 0, '', 0, 0

local function hold(microseconds, why, most, window)
  if microseconds > wait then
    wait, cause, limit, length = microseconds, why, most or 0, window or 0
  end
end

-- What the service said.
local braked = {}
local said_something = redis.call('EXISTS', unpack(KEYS, 1, places)) > 0
for place = 1, said_something and places or 0 do
  local said = redis.call('HMGET', KEYS[place], 'until', 'last', 'left', 'reset')
  local ends, last, left, reset = tonumber(said[1]), tonumber(said[2]), tonumber(said[3]), tonumber(said[4])
  local slow = ends and now < ends + CALM
  if slow and now < ends then
    hold(ends - now, 'service')
  elseif slow and last then
    hold(last + math.floor(FIRST_GAP * 0.5 ^ ((now - ends) / HALVING)) - now, 'recovery')
  end
  local counted = reset and now < reset
  if counted and left < 1 then
    hold(reset - now, 'service')
  end
  braked[place] = { slow, counted }
end

-- What is counted.
local key, argument = places + 1, 4
local taken = {}
for index = 1, logs do
  local log = {
    times = KEYS[key],
    weight = figures[argument],
    grain = figures[argument + 1],
    kept = figures[argument + 2],
    longest = figures[argument + 3],
    count = 0,
  }
  local windows = figures[argument + 4]
  key, argument = key + 1, argument + 5
  if log.grain > 1 then
    log.counter = KEYS[key]
    log.count = tonumber(redis.call('GET', log.counter) or 0)
    key = key + 1
  end
  for _ = 1, windows do
    local most, window = figures[argument], figures[argument + 1]
    argument = argument + 2
    local back = most - log.weight
    if log.grain > 1 then
      local first = math.ceil((log.count - most + log.weight - 1) / log.grain)
      back = first < 0 and -1 or math.floor((log.count - 1) / log.grain) - first
    end
    local before = back >= 0 and tonumber(redis.call('LINDEX', log.times, back) or nil)
    if before then
      hold(before + window - now, 'rate', most, window)
    end
  end
  taken[index] = log
end

-- What is under way.
local first_pool = key
for index = 0, pools - 1 do
  local slots, most = KEYS[first_pool + index], figures[argument + index]
  redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
  if redis.call('ZCARD', slots) >= most then
    local first = redis.call('ZRANGE', slots, 0, 0, 'WITHSCORES')
    hold(math.min(first[2] - now, POLL), 'slots', most)
  end
end

if wait > 0 then
  local turn = wait
  if wait > PARKED then
    local place = redis.call('INCR', KEYS[first_pool + pools])
    if place == 1 then
      redis.call('PEXPIRE', KEYS[first_pool + pools], math.ceil(wait / 1000))
    end
    if limit > 0 and length > 0 then
      turn = wait + math.floor((place - 1) / limit) * length
    end
  end
  return { wait, cause, turn, limit, length }
end

local stamp = string.format('%.0f', now)
for place = 1, #braked do
  if braked[place][1] then
    redis.call('HSET', KEYS[place], 'last', stamp)
  end
  if braked[place][2] then
    redis.call('HINCRBY', KEYS[place], 'left', -1)
  end
end
for _, log in ipairs(taken) do
  local length = 0
  for number = log.count, log.count + log.weight - 1 do
    if number % log.grain == 0 then
      length = redis.call('LPUSH', log.times, stamp)
    end
  end
  if length > log.kept then
    redis.call('LTRIM', log.times, 0, log.kept - 1)
  end
  redis.call('PEXPIRE', log.times, log.longest)
  if log.grain > 1 then
    redis.call('SET', log.counter, string.format('%.0f', log.count + log.weight), 'PX', log.longest)
  end
end
for index = 0, pools - 1 do
  local slots = KEYS[first_pool + index]
  redis.call('ZADD', slots, now + ARGV[3], ARGV[2])
  redis.call('PEXPIRE', slots, math.ceil(LONGEST_LEASE / 1000))
end
return 0

-- Adds events of one job to its stream in the order of their numbers, without gaps, and rings.
--
-- KEYS: the stream, and a hash of the events that came before one that they follow.
-- ARGV: how many events are kept, how many wait for a missing one, for how many seconds, and for how many once the job has
-- ended, then number and data of each. The number of an event is the first part of its id in the stream. Processes tell
-- of one job at the same time: its end may come before what was told by another.

local stream, early = KEYS[1], KEYS[2]
local newest = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
local last = newest and tonumber(string.match(newest[1], '^%d+'))

local function is_end(data)
  return string.find(data, '^%["[^"]*","job%.[dfc]') ~= nil
end

local ended = newest and is_end(newest[2][2])

local function add(number, data)
  redis.call('XADD', stream, 'MAXLEN', '~', ARGV[1], string.format('%.0f-0', number), 'event', data)
  last, ended = number, is_end(data)
end

local function add_those_that_follow()
  local data = redis.call('HGET', early, last + 1)
  while data do
    redis.call('HDEL', early, last + 1)
    add(last + 1, data)
    data = redis.call('HGET', early, last + 1)
  end
end

for place = 5, #ARGV, 2 do
  local number, data = tonumber(ARGV[place]), ARGV[place + 1]
  if not last or number == last + 1 then
    add(number, data)
  elseif number > last then
    redis.call('HSET', early, number, data)
  end
end

if redis.call('EXISTS', early) == 1 then
  add_those_that_follow()
  if redis.call('HLEN', early) > tonumber(ARGV[2]) then
    -- What is missing was lost on its way: the stream begins anew behind it.
    local first = math.huge
    for _, number in ipairs(redis.call('HKEYS', early)) do
      first = math.min(first, tonumber(number))
    end
    redis.call('DEL', stream)
    last = first - 1
    add_those_that_follow()
  end
  redis.call('EXPIRE', early, ARGV[3])
end
redis.call('EXPIRE', stream, ended and ARGV[4] or ARGV[3])
redis.call('PUBLISH', stream, '')

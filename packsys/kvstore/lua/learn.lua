-- Notes what a service said about its limits. Times are microseconds.
--
-- KEYS: the brake of the place.
-- ARGV: now ('' asks the server) · refused (1 or 0) · pause (-1: it says none) · left (-1: it says nothing) · reset,
-- from now. Words in capitals are the figures of packsys.limits.brake.

local now = tonumber(ARGV[1])
if not now then
  local clock = redis.call('TIME')
  now = clock[1] * 1000000 + clock[2]
end
local said = redis.call('HMGET', KEYS[1], 'until', 'strikes', 'left', 'reset')
local ends, strikes = tonumber(said[1]) or 0, tonumber(said[2]) or 0
local left, reset = tonumber(said[3]), tonumber(said[4]) or 0

local function text(number)
  return string.format('%.0f', number)
end

if ARGV[2] == '1' then
  if now >= ends then -- else it was under way when another one was refused
    strikes = (now < ends + CALM) and strikes + 1 or 1
  end
  local pause = tonumber(ARGV[3])
  if pause <= 0 then
    pause = math.min(FIRST_HOLD * 2 ^ (strikes - 1), LONGEST_HOLD)
  end
  ends = math.max(ends, now + math.floor(pause))
  redis.call('HSET', KEYS[1], 'until', text(ends), 'strikes', strikes, 'last', text(ends))
end

local told, fresh = tonumber(ARGV[4]), now + ARGV[5]
if told >= 0 then
  if not left or now >= reset or fresh > reset + SAME_WINDOW then
    left, reset = told, fresh
  else
    left = math.min(left, told)
  end
  redis.call('HSET', KEYS[1], 'left', text(left), 'reset', text(reset))
end
redis.call('PEXPIRE', KEYS[1], math.ceil((math.max(ends + CALM, reset) - now) / 1000) + 1000)
return 0

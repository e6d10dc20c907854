-- Ends a flight, keeps or hands its outcome, and gives those who waited. Times are milliseconds.
--
-- KEYS: the entry · the flight · what is handed · to whom · who waits.
-- ARGV: who · stamp · the value to keep, or '' · how long it is fresh · how long it is kept · its cost · what to hand to
-- those who waited, or '' · how long that is kept.
--
-- A flight that another leads by now is left to it, and so are those who wait.

local call = redis.call
if ARGV[3] ~= '' then
  local clock = call('TIME')
  local fresh = clock[1] * 1000 + math.floor(clock[2] / 1000) + ARGV[4]
  local head = string.format('%s %.0f %s\n', ARGV[2], fresh, ARGV[6])
  call('SET', KEYS[1], head .. ARGV[3], 'PX', ARGV[5])
end
local flight = call('GET', KEYS[2])
if flight and string.sub(flight, 1, -42) ~= ARGV[1] then
  return {}
end
call('DEL', KEYS[2])
local waiting = call('SMEMBERS', KEYS[5])
if #waiting > 0 then
  if ARGV[7] ~= '' then
    call('SET', KEYS[3], ARGV[7], 'PX', ARGV[8])
    call('RENAME', KEYS[5], KEYS[4])
    call('PEXPIRE', KEYS[4], ARGV[8])
  else
    call('DEL', KEYS[5])
  end
end
return waiting

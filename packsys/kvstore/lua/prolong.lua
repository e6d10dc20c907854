-- Holds a flight for longer, if it is still led by the same step.
--
-- KEYS: the flight. ARGV: who leads · milliseconds.

local flight = redis.call('GET', KEYS[1])
if not flight or string.sub(flight, 1, -42) ~= ARGV[1] then
  return 0
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])

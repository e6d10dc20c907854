-- Ends a flight without an outcome, and gives one of those who wait for it, who may lead next.
--
-- KEYS: the flight · who waits. ARGV: who leads.

local flight = redis.call('GET', KEYS[1])
if flight and string.sub(flight, 1, -42) ~= ARGV[1] then
  return false
end
redis.call('DEL', KEYS[1])
return redis.call('SPOP', KEYS[2])

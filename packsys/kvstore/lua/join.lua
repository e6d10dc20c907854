-- Notes that a step waits for a flight; gives 0 when there is none.
--
-- KEYS: the flight · who waits. ARGV: who · milliseconds for which the note is kept after the last one.

if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
redis.call('SADD', KEYS[2], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1

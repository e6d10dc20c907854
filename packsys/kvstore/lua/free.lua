-- Gives the slots of a permit back.
--
-- KEYS: the slots of each pool. ARGV: id.

for _, slots in ipairs(KEYS) do
  redis.call('ZREM', slots, ARGV[1])
end
return 0

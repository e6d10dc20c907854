-- Looks for results, in one round trip with the time by which they are fresh.
--
-- KEYS: entries and generations of tags. Gives {seconds and microseconds of the clock, what the keys hold}.

return { redis.call('TIME'), redis.call('MGET', unpack(KEYS)) }

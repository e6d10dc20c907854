-- Reserves room for a file in its workspace, and tells how much others have reserved: {done, bytes, files}.
-- KEYS: the sorted set of the workspace's files, by the millisecond in which they expire.
-- ARGV: id, size, milliseconds to live, most bytes, most files.
-- A reservation whose file is lost, or never comes, ends when its time is over.
local size, ttl = tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local kept, used = redis.call('ZRANGE', KEYS[1], 0, -1), 0
for _, each in ipairs(kept) do
  used = used + tonumber(string.match(each, '^%d+'))
end
if used + size > tonumber(ARGV[4]) or #kept >= tonumber(ARGV[5]) then
  return {0, used, #kept}
end
redis.call('ZADD', KEYS[1], now + ttl, ARGV[2] .. ':' .. ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', last))
return {1, used, #kept}

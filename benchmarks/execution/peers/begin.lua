-- Keeps a graph, and lists its ready nodes. KEYS: the job, the list of ready nodes. ARGV: each node as JSON.
for _, written in ipairs(ARGV) do
  local node = cjson.decode(written)
  if #node.needs == 0 then
    redis.call('LPUSH', KEYS[2], cjson.encode({job = KEYS[1], id = node.id, numbers = node.numbers, pause = node.pause}))
  end
  redis.call('HSET', KEYS[1], 'node:' .. node.id, written, 'open:' .. node.id, #node.needs)
end

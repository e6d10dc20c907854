-- Keeps a node's value, and lists the nodes that it made ready; the last node ends the job.
-- KEYS: the job, the list of ready nodes. ARGV: the node's id, its value.
local function node_of(id)
  return cjson.decode(redis.call('HGET', KEYS[1], 'node:' .. id))
end

local ended = node_of(ARGV[1])
if #ended.after == 0 then
  redis.call('DEL', KEYS[1])
  redis.call('LPUSH', KEYS[1] .. ':done', ARGV[2])
  return
end
redis.call('HSET', KEYS[1], 'value:' .. ARGV[1], ARGV[2])
for _, id in ipairs(ended.after) do
  if redis.call('HINCRBY', KEYS[1], 'open:' .. id, -1) == 0 then
    local node = node_of(id)
    for _, need in ipairs(node.needs) do
      table.insert(node.numbers, tonumber(redis.call('HGET', KEYS[1], 'value:' .. need)))
    end
    redis.call('LPUSH', KEYS[2], cjson.encode({job = KEYS[1], id = id, numbers = node.numbers, pause = node.pause}))
  end
end

-- Puts messages in the lane of who sent them, and moves what there is room for into the list that workers read.
-- KEYS: the workers' list, the ring of lanes that hold something. ARGV: room in the list, prefix of lanes, the lane,
-- messages. Without messages it only moves. Gives what "flow" does, which stands before this.
local list, ring = KEYS[1], KEYS[2]
local room, prefix, lane = tonumber(ARGV[1]), ARGV[2], ARGV[3]

if #ARGV > 3 then
    if redis.call('LLEN', ring) == 0 and room - redis.call('LLEN', list) >= #ARGV - 3 then
        redis.call('LPUSH', list, unpack(ARGV, 4))
        return { 0, 0 }
    end
    if redis.call('RPUSH', prefix .. lane, unpack(ARGV, 4)) == #ARGV - 3 then
        redis.call('RPUSH', ring, lane)
    end
end
return flow(list, ring, prefix, room)

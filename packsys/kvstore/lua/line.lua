-- Puts messages in the lane of who sent them, and moves what there is room for into the list that workers read.
-- KEYS: the workers' list, the ring of lanes that hold something. ARGV: room in the list, prefix of lanes, the lane,
-- messages. Without messages it only moves. Gives how many lanes still hold something, and how many messages it moved.
--
-- One message is taken from each lane in turn, so that a lane with ten thousand delays another's one by one message.
local list, ring = KEYS[1], KEYS[2]
local room, prefix, lane = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local free = room - redis.call('LLEN', list)
local waiting, moved = redis.call('LLEN', ring), 0

if #ARGV > 3 then
    if waiting == 0 and free >= #ARGV - 3 then
        redis.call('LPUSH', list, unpack(ARGV, 4))
        return { 0, 0 }
    end
    if redis.call('RPUSH', prefix .. lane, unpack(ARGV, 4)) == #ARGV - 3 then
        redis.call('RPUSH', ring, lane)
        waiting = waiting + 1
    end
end

while moved < free and waiting > 0 do
    local turn = redis.call('LPOP', ring)
    local message = redis.call('LPOP', prefix .. turn)
    if message then
        redis.call('LPUSH', list, message)
        moved = moved + 1
    end
    if redis.call('EXISTS', prefix .. turn) == 1 then
        redis.call('RPUSH', ring, turn)
    else
        waiting = waiting - 1
    end
end
return { waiting, moved }

-- Moves messages from lanes into the list that workers read, one from each lane in turn, so that a lane with ten thousand
-- delays another's one by one message. Gives how many lanes still hold something, and how many messages it moved.
local function flow(list, ring, prefix, room)
    local free = room - redis.call('LLEN', list)
    local waiting, moved = redis.call('LLEN', ring), 0
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
end

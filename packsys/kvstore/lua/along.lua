-- Takes messages from the head of a list as long as each holds all of some marks, and then fills it up. Takes none while
-- a list holds something that comes before it.
-- KEYS: the list, the ring of lanes, lists that come before. ARGV: room in the list, prefix of lanes, how many at most,
-- marks. Gives the messages. "flow" stands before this.
local taken = {}

for before = 3, #KEYS do
    if redis.call('EXISTS', KEYS[before]) == 1 then
        return taken
    end
end

local function fits(message)
    for mark = 4, #ARGV do
        if not string.find(message, ARGV[mark], 1, true) then
            return false
        end
    end
    return true
end

while #taken < tonumber(ARGV[3]) do
    local message = redis.call('LINDEX', KEYS[1], -1)
    if not message or not fits(message) then
        break
    end
    redis.call('RPOP', KEYS[1])
    taken[#taken + 1] = message
end
flow(KEYS[1], KEYS[2], ARGV[2], tonumber(ARGV[1]))
return taken

-- Takes messages from the head of a list as long as each holds all of some marks.
-- KEYS: the list. ARGV: how many at most, marks. Gives the messages.
local taken = {}
while #taken < tonumber(ARGV[1]) do
    local message = redis.call('LINDEX', KEYS[1], -1)
    if not message then
        return taken
    end
    for mark = 2, #ARGV do
        if not string.find(message, ARGV[mark], 1, true) then
            return taken
        end
    end
    redis.call('RPOP', KEYS[1])
    taken[#taken + 1] = message
end
return taken

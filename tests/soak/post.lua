-- wrk -s post.lua ADDRESS -- KEY PAUSE FILE: posts the lines of FILE, each once.
local load = dofile("load.lua")
local file

function init(arguments)
    file = assert(io.open(arguments[3]))
    load.begin(arguments)
end

function request()
    return load.post("/v1/events", file:read("*l") or "")
end

-- What post.lua and read.lua share: requests, the pause between the requests of a connection, and
-- what was measured, as a line of JSON. An answer other than 2xx is a fault, but for a 404: a
-- customer may not have come yet.

local load = {}
local head
pause, faults = 0, 0
local threads = {}

function load.begin(arguments)
    pause = tonumber(arguments[2])
    head = "Host: 127.0.0.1\r\nAuthorization: Bearer " .. arguments[1] .. "\r\n"
end

function load.get(path)
    return "GET " .. path .. " HTTP/1.1\r\n" .. head .. "\r\n"
end

function load.post(path, body)
    return "POST " .. path .. " HTTP/1.1\r\n" .. head .. "Content-Type: application/json\r\n"
        .. "Content-Length: " .. #body .. "\r\n\r\n" .. body
end

function setup(thread)
    table.insert(threads, thread)
end

function delay() -- around the pause, so that connections do not march in step
    return pause * (0.5 + math.random())
end

function response(status)
    if status >= 300 and status ~= 404 then faults = faults + 1 end
end

function done(summary, latency)
    local refused = 0
    for _, thread in ipairs(threads) do refused = refused + thread:get("faults") end
    local errors = summary.errors
    io.write(string.format(
        '{"requests":%d,"microseconds":%d,"faults":%d,"p50":%d,"p99":%d,"max":%d}\n',
        summary.requests, summary.duration,
        refused + errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50), latency:percentile(99), latency.max))
end

return load

-- wrk -s post.lua ADDRESS -- FILE KEY [ACKNOWLEDGED]
--
-- Posts each line of FILE once; it must hold more than the service takes in the time. Prints what
-- was measured, as one line of JSON. With ACKNOWLEDGED, the ids of the events that the answers call
-- created are written to that file; that costs the load generator time, so it is for checks only.

local file, head, acknowledged

local function note(status, _, body)
    if status ~= 200 and status ~= 201 then return end
    for id in body:gmatch('"outcome":"created","event":{[^}]-"id":"([^"]+)"') do
        acknowledged:write(id, "\n")
    end
end

function init(arguments)
    file = assert(io.open(arguments[1]))
    head = table.concat({
        "POST /v1/events HTTP/1.1",
        "Host: 127.0.0.1",
        "Authorization: Bearer " .. arguments[2],
        "Content-Type: application/json",
        "Content-Length: ",
    }, "\r\n")
    if arguments[3] then
        acknowledged = assert(io.open(arguments[3], "w"))
        response = note
    end
end

function request()
    local body = file:read("*l") or "" -- refused, and seen by the caller
    return head .. #body .. "\r\n\r\n" .. body
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests":%d,"microseconds":%d,"refused":%d,"failed":%d,"timeouts":%d,' ..
        '"p50":%d,"p99":%d,"max":%d}\n',
        summary.requests, summary.duration, errors.status,
        errors.connect + errors.read + errors.write, errors.timeout,
        latency:percentile(50), latency:percentile(99), latency.max))
end

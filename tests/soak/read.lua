-- wrk -s read.lua ADDRESS -- KEY PAUSE CUSTOMERS SEED: asks about customers, and for metrics.
local load = dofile("load.lua")
local customers

local METRICS = { "purchases", "revenue", "stage_population", "transitions", "repeat_rate" }
local PATHS = { "", "", "/timeline?limit=20", "/visits", "/metrics" }

function init(arguments)
    customers = tonumber(arguments[3])
    math.randomseed(tonumber(arguments[4]))
    load.begin(arguments)
end

function request()
    if math.random(5) == 1 then
        local metric = METRICS[math.random(#METRICS)]
        return load.get("/v1/metrics/" .. metric .. "?from=2025-01-01&interval=month")
    end
    local customer = "customer-" .. math.random(0, customers - 1)
    return load.get("/v1/customers/" .. customer .. PATHS[math.random(#PATHS)])
end

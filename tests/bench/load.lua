-- One kind of request, counted by status. Arguments after "--": path, key, body file, and "unique"
-- to make every body another one.
local path, key, template, unique
local count = 0

function init(arguments)
    path, key = arguments[1], arguments[2]
    local file = assert(io.open(arguments[3]))
    template = file:read("*a")
    file:close()
    unique = arguments[4] == "unique"
    math.randomseed(os.time())
    count = math.random(1, 1000000) * 1000000
    fixed = template ~= "" and
        wrk.format("POST", path, { ["Content-Type"] = "application/json", ["X-API-Key"] = key }, template) or
        wrk.format("GET", path, {}, nil)
end

function request()
    if not unique then return fixed end
    count = count + 1
    local body = template:gsub("@NUMBER@", string.format("%.0f", count))
    return wrk.format("POST", path, { ["Content-Type"] = "application/json", ["X-API-Key"] = key }, body)
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        'RESULT {"requests": %d, "seconds": %.6f, "p50_us": %d, "p99_us": %d, "bad": %d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end

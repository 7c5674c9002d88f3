-- One kind of request, counted by status. Arguments after "--": path, key, body file, and "unique"
-- to put another number of ten digits at @NUMBER@ of every body.
local head, tail, fixed
local count

function init(arguments)
    local path, key = arguments[1], arguments[2]
    local file = assert(io.open(arguments[3]))
    local body = file:read("*a")
    file:close()
    local headers = { ["Content-Type"] = "application/json", ["X-API-Key"] = key }
    if body == "" then
        fixed = wrk.format("GET", path, {}, nil)
        return
    end
    math.randomseed(os.time())
    count = math.random(1000000000, 8000000000)
    fixed = wrk.format("POST", path, headers, (body:gsub("@NUMBER@", "0000000000")))
    if arguments[4] == "unique" then
        local at = fixed:find("0000000000", 1, true)
        head, tail = fixed:sub(1, at - 1), fixed:sub(at + 10)
    end
end

-- Strings are joined and nothing more: the generator shares the machine with what it measures.
function request()
    if not head then return fixed end
    count = count + 1
    return head .. string.format("%.0f", count) .. tail
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        'RESULT {"requests": %d, "seconds": %.6f, "p50_us": %d, "p99_us": %d, "bad": %d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end

-- One kind of request, counted by status. Arguments after "--": path, body file, "unique" to put
-- another number of ten digits at @NUMBER@ of every body or "same", then headers ("Name: value").
local head, tail, fixed
local count

function init(arguments)
    local path = arguments[1]
    local file = assert(io.open(arguments[2]))
    local body = file:read("*a")
    file:close()
    if body == "" then
        fixed = wrk.format("GET", path, {}, nil)
        return
    end
    local headers = { ["Content-Type"] = "application/json" }
    for i = 4, #arguments do
        local name, value = arguments[i]:match("^([^:]+): (.*)$")
        headers[name] = value
    end
    math.randomseed(os.time())
    count = math.random(1000000000, 8000000000)
    fixed = wrk.format("POST", path, headers, (body:gsub("@NUMBER@", "0000000000")))
    if arguments[3] == "unique" then
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

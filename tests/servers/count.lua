-- POSTs one question over and over and counts answers by kind: "RESULT <answers> <not 2xx> <none>".
local threads = {}

function setup(thread)
    table.insert(threads, thread)
end

function init(arguments)
    answers, refused = 0, 0
    wrk.method = "POST"
    wrk.headers["X-API-Key"] = arguments[1]
    wrk.headers["Content-Type"] = "application/json"
    wrk.body = '{"text": "The harbour was closed for three days. Then the boats came home.", "operation": "sentiment"}'
end

function response(status)
    answers = answers + 1
    if status < 200 or status > 299 then refused = refused + 1 end
end

function done(summary)
    local total, bad, errors = 0, 0, summary.errors
    for _, thread in ipairs(threads) do
        total = total + thread:get("answers")
        bad = bad + thread:get("refused")
    end
    io.write(string.format("RESULT %d %d %d\n", total, bad,
                           errors.connect + errors.read + errors.write + errors.timeout))
end

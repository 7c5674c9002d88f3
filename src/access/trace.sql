-- name: trace_write
-- Bodies come as a JSON array, from the file in which they waited: some may have been written before.
INSERT INTO hearth.trace (at, id, request_id, tenant, route, status, question, answer)
SELECT hearth.moment(line.at), line.id, line.request_id, line.tenant, line.route, line.status, line.question, line.answer
FROM jsonb_to_recordset($1::jsonb)
    AS line (at bigint, id uuid, request_id text, tenant text, route text, status smallint, question text, answer text)
ON CONFLICT (at, id) DO NOTHING

-- name: trace_list
-- The bodies of a request. Ids may come from callers, so that one may be there more than once.
SELECT id::text AS id, request_id, tenant, route, question, answer, status::bigint AS status, hearth.micros(at) AS at_us
FROM hearth.trace
WHERE request_id = $1::text
ORDER BY trace.at DESC, trace.id DESC
LIMIT 20

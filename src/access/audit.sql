-- name: audit_write
-- Rows of the audit trail come as a JSON array, from a request, from a change's own transaction, or
-- from the file in which they waited: then some may have been written before.
INSERT INTO hearth.audit (at, id, address, event, actor, subject, detail, request_id)
SELECT hearth.moment(line.at), line.id, line.address, line.event, line.actor, line.subject, line.detail, line.request_id
FROM jsonb_to_recordset($1::jsonb)
    AS line (at bigint, id uuid, address inet, event text, actor text, subject text, detail text, request_id text)
ON CONFLICT (at, id) DO NOTHING

-- name: audit_list
-- The trail, newest first. A page ends before a moment, or before a row of that moment.
SELECT id::text, event, actor, subject, detail, host(address) AS address, request_id, hearth.micros(at) AS at_us
FROM hearth.audit
WHERE at >= hearth.moment($1::bigint) AND at <= hearth.moment($2::bigint)
  AND (at < hearth.moment($2::bigint) OR id < $3::uuid)
  AND ($4::text IS NULL OR event = $4::text)
  AND ($5::text IS NULL OR actor = $5::text)
  AND ($6::text IS NULL OR subject = $6::text)
ORDER BY audit.at DESC, audit.id DESC
LIMIT $7::bigint

SELECT position, kind, stream, version, type, key_id, at, request, head, body
  FROM event
 WHERE kind = $1 AND stream = $2 AND version > $3 AND kind <> 3
 ORDER BY kind, stream, version
 LIMIT $4

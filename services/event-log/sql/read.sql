SELECT position, kind, stream, version, type, key_id, at, request, head, body
  FROM event
 WHERE position > $1
 ORDER BY position
 LIMIT $2

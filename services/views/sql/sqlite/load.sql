SELECT key, place, subject, position, body FROM document WHERE view = $1 AND generation = $2 AND key = $3

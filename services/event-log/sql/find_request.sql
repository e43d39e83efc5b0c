SELECT min(position), max(position), max(version)
  FROM event
 WHERE kind = $1 AND stream = $2 AND request = $3

SELECT generation, position, current
  FROM view_state
 WHERE view = $1
 ORDER BY generation

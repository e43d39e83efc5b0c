SELECT generation, position, current, epoch, mark, readable_from, code, revision
  FROM view_state
 WHERE view = $1
 ORDER BY generation

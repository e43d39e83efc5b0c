SELECT v.position, d.key, d.subject, d.position, d.body
  FROM view_state v
  LEFT JOIN document d ON d.view = v.view AND d.generation = v.generation AND d.key > $2 AND d.key < $3
 WHERE v.view = $1 AND v.current
 ORDER BY d.key
 LIMIT $4

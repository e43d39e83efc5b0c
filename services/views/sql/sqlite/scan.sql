SELECT v.position, d.key, d.place, d.subject, d.position, d.body
  FROM view_state v
  LEFT JOIN document d ON d.view = v.view AND d.generation = v.generation AND d.place > $2 AND d.place < $3
 WHERE v.view = $1 AND v.current
 ORDER BY d.place
 LIMIT $4

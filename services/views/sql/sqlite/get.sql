SELECT v.position, d.key, d.place, d.subject, d.position, d.body
  FROM view_state v
  JOIN document d ON d.view = v.view AND d.generation = v.generation
 WHERE v.view = $1 AND v.current AND d.key = $2

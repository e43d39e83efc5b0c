SELECT v.position,
       EXISTS (SELECT 1 FROM parked p WHERE p.view = v.view AND p.generation = v.generation AND p.subject = d.subject),
       d.key, d.place, d.subject, d.position, d.body
  FROM view_state v
  JOIN document d ON d.view = v.view AND d.generation = v.generation
 WHERE v.view = $1 AND v.current AND d.key = $2

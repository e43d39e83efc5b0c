SELECT v.position,
       EXISTS (SELECT 1 FROM parked p WHERE p.view = v.view AND p.generation = v.generation AND p.subject >= $5 AND p.subject <= $6),
       d.key, d.place, d.subject, d.position, d.body
  FROM view_state v
  LEFT JOIN document d ON d.view = v.view AND d.generation = v.generation AND d.place > $2 AND d.place < $3
 WHERE v.view = $1 AND v.current
 ORDER BY d.place
 LIMIT $4

SELECT v.position, d.key, d.place, d.subject, d.position, d.body
  FROM view_state v
  LEFT JOIN LATERAL (
       SELECT key, place, subject, position, body
         FROM document
        WHERE view = v.view AND generation = v.generation AND place > $2 AND place < $3
        ORDER BY place
        LIMIT $4) d ON true
 WHERE v.view = $1 AND v.current
 ORDER BY d.place

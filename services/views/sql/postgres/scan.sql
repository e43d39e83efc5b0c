SELECT v.position, v.incomplete, d.key, d.place, d.subject, d.position, d.body
  FROM (SELECT s.view, s.generation, s.position,
               EXISTS (SELECT FROM parked
                        WHERE view = s.view AND generation = s.generation AND subject >= $5 AND subject <= $6) AS incomplete
          FROM view_state s
         WHERE s.view = $1 AND s.current
        OFFSET 0) v
  LEFT JOIN LATERAL (
       SELECT key, place, subject, position, body
         FROM document
        WHERE view = v.view AND generation = v.generation AND place > $2 AND place < $3
        ORDER BY place
        LIMIT $4) d ON true
 ORDER BY d.place

SELECT v.position, d.key, d.subject, d.position, d.body
  FROM view_state v
  LEFT JOIN LATERAL (
       SELECT key, subject, position, body
         FROM document
        WHERE view = v.view AND generation = v.generation AND key > $2 AND key < $3
        ORDER BY key
        LIMIT $4) d ON true
 WHERE v.view = $1 AND v.current
 ORDER BY d.key

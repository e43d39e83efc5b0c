SELECT v.position,
       EXISTS (SELECT FROM parked WHERE view = v.view AND generation = v.generation AND subject = d.subject),
       d.key, d.place, d.subject, d.position, d.body
  FROM view_state v
 CROSS JOIN unnest($2::bytea[]) AS w (key)
 CROSS JOIN LATERAL (
       SELECT key, place, subject, position, body
         FROM document
        WHERE view = v.view AND generation = v.generation AND key >= w.key AND key <= w.key
        ORDER BY key
        LIMIT 1) d
 WHERE v.view = $1 AND v.current

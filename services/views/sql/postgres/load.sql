SELECT w.nth, d.key, d.place, d.subject, d.position, d.body
  FROM unnest($1::integer[], $2::text[], $3::integer[], $4::bytea[]) AS w (nth, view, generation, key)
 CROSS JOIN LATERAL (
       SELECT key, place, subject, position, body
         FROM document
        WHERE view = w.view AND generation = w.generation AND key >= w.key AND key <= w.key
        ORDER BY key
        LIMIT 1) d

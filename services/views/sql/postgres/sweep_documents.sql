DELETE FROM document
 WHERE ctid = ANY (ARRAY(
       SELECT d.ctid
         FROM view_state c
        CROSS JOIN LATERAL (
              SELECT ctid
                FROM document
               WHERE view = c.view AND generation < c.generation AND key >= ''::bytea
               ORDER BY view, generation, key
               LIMIT $2) d
        WHERE c.view = $1 AND c.current))

SELECT CASE
       WHEN cardinality($1::text[]) = (
            SELECT count(*)
              FROM (SELECT FROM view_state s
                      JOIN unnest($1::text[], $2::int[], $21::int[]) AS a (view, generation, revision)
                        ON s.view = a.view AND s.generation = a.generation
                     WHERE s.revision = a.revision
                     ORDER BY s.view, s.generation
                       FOR UPDATE OF s) locked)
       THEN views_advance($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
       ELSE false
       END

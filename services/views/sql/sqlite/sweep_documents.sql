DELETE FROM document
 WHERE (view, generation, key) IN (
       SELECT d.view, d.generation, d.key
         FROM document d
        WHERE d.view = $1 AND d.generation < (SELECT c.generation FROM view_state c WHERE c.view = $1 AND c.current)
        LIMIT $2)

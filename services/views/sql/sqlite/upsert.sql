INSERT INTO document (view, generation, key, subject, position, body) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (view, generation, key)
    DO UPDATE SET subject = excluded.subject, position = excluded.position, body = excluded.body

INSERT INTO document (view, generation, key, place, subject, position, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (view, generation, key) DO NOTHING

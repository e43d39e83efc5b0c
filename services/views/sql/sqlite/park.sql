INSERT INTO parked (view, generation, subject, position, reason) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING

INSERT INTO view_state (view, generation, current, code) VALUES ($1, 1, true, $2) ON CONFLICT DO NOTHING

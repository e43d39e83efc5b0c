INSERT INTO view_state (view, generation, current) VALUES ($1, 1, true) ON CONFLICT DO NOTHING

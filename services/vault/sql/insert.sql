INSERT INTO subject_key (key_id, subject, wrapped) VALUES ($1, $2, $3) ON CONFLICT (subject) DO NOTHING

SELECT key_id, subject, wrapped FROM subject_key WHERE key_id = $1

SELECT key_id, subject, wrapped FROM subject_key WHERE subject = $1

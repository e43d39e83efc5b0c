SELECT k.key_id, k.subject, k.wrapped
  FROM unnest($1::uuid[]) AS w (key_id)
  JOIN LATERAL (SELECT * FROM subject_key WHERE key_id = w.key_id LIMIT 1) k ON true

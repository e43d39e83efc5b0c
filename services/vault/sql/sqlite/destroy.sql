UPDATE subject_key SET wrapped = NULL, destroyed_at = coalesce(destroyed_at, CURRENT_TIMESTAMP) WHERE subject = $1

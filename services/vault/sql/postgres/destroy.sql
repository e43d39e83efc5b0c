UPDATE subject_key SET wrapped = NULL, destroyed_at = coalesce(destroyed_at, now()) WHERE subject = $1

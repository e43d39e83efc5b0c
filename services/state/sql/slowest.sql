SELECT min(delivered) FILTER (WHERE holder IS NOT NULL AND held_until > $2), count(*) FILTER (WHERE failing_since <> 0)
  FROM feed_cursor WHERE epoch = $1 AND feed <> $3

SELECT min(delivered) FILTER (WHERE epoch = $1 AND holder IS NOT NULL), count(*) FILTER (WHERE failing_since <> 0) FROM feed_cursor

UPDATE feed_cursor
   SET failed_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
       failure = $2,
       failing_since = CASE WHEN failing_since = 0 THEN (extract(epoch FROM clock_timestamp()) * 1000)::bigint ELSE failing_since END
 WHERE feed = $1
RETURNING failed_at - failing_since

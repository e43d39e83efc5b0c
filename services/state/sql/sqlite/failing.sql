UPDATE feed_cursor
   SET failed_at = CAST(unixepoch('subsec') * 1000 AS INTEGER),
       failure = $2,
       failing_since = CASE WHEN failing_since = 0 THEN CAST(unixepoch('subsec') * 1000 AS INTEGER) ELSE failing_since END
 WHERE feed = $1
RETURNING failed_at - failing_since

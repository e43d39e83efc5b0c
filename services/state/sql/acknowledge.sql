UPDATE feed_cursor
   SET acknowledged = CASE WHEN acknowledged < $3 THEN $3 ELSE acknowledged END
 WHERE feed = $1 AND run = $2 AND delivered >= $3

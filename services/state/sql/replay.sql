UPDATE feed_cursor
   SET run = run + 1, delivered = $3, acknowledged = $3
 WHERE feed = $1 AND run = $2 AND delivered >= $3

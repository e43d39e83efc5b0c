UPDATE feed_cursor
   SET run = run + 1, delivered = 0, acknowledged = 0
 WHERE feed = $1 AND holder = $2
RETURNING run, delivered, acknowledged

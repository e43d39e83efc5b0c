UPDATE feed_cursor
   SET run = run + 1, delivered = $3, acknowledged = $3, replayed = $4
 WHERE feed = $1 AND run = $2 AND delivered >= $3 AND replayed IS DISTINCT FROM $4

UPDATE feed_cursor
   SET run = run + 1,
       -- What was not taken yet is not passed over.
       delivered = CASE WHEN acknowledged < $3 THEN acknowledged ELSE $3 END,
       acknowledged = CASE WHEN acknowledged < $3 THEN acknowledged ELSE $3 END,
       replayed = $4
 WHERE feed = $1 AND run = $2 AND delivered >= $3 AND replayed IS DISTINCT FROM $4

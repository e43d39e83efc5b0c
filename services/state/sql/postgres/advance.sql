UPDATE feed_cursor
   SET delivered = CASE WHEN delivered < $4 THEN $4 ELSE delivered END,
       acknowledged = CASE WHEN acknowledged < $6 THEN $6 ELSE acknowledged END,
       held_until = (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $5
 WHERE feed = $1 AND holder = $2 AND run = $3
RETURNING acknowledged

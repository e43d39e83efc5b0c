UPDATE feed_cursor
   SET delivered = CASE WHEN delivered < $4 THEN $4 ELSE delivered END,
       acknowledged = CASE WHEN acknowledged < $6 THEN $6 ELSE acknowledged END,
       held_until = CAST(unixepoch('subsec') * 1000 AS INTEGER) + $5
 WHERE feed = $1 AND holder = $2 AND run = $3
RETURNING acknowledged

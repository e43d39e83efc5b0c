UPDATE feed_cursor SET holder = NULL, held_until = 0 WHERE feed = $1 AND holder = $2

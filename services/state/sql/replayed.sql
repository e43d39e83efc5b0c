SELECT replayed = $2 FROM feed_cursor WHERE feed = $1 AND replayed IS NOT NULL

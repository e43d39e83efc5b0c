SELECT epoch, run, delivered, acknowledged, held_until, failed_at, failure FROM feed_cursor WHERE feed = $1

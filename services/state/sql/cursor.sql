SELECT epoch, run, delivered, acknowledged, held_until, failed_at, failure, failing_since FROM feed_cursor WHERE feed = $1

UPDATE feed_cursor SET failed_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint, failure = $2 WHERE feed = $1

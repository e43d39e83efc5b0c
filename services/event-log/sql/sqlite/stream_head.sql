SELECT version FROM stream_head WHERE kind = $1 AND stream = $2

UPDATE log_head SET epoch = randomblob(16), began_at = $2 WHERE epoch = $1

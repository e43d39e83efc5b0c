UPDATE log_head SET epoch = randomblob(16) WHERE epoch = $1

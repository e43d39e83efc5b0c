UPDATE log_head SET position = $1

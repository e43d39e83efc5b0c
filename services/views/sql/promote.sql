UPDATE view_state SET current = true WHERE view = $1 AND generation = $2 AND position >= $3

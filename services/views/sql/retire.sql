UPDATE view_state SET current = false WHERE view = $1 AND current RETURNING position

SELECT position FROM view_state WHERE view = $1 AND current

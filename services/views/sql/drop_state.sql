DELETE FROM view_state WHERE view = $1 AND generation = $2 AND NOT current

UPDATE view_state SET revision = revision + 1
 WHERE view = $1 AND generation = $2 AND revision = $3 AND position = $4 AND current

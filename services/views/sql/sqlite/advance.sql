UPDATE view_state SET position = $4, epoch = $6, mark = $7
 WHERE view = $1 AND generation = $2 AND position = $3 AND current = $5 AND revision = $8

DELETE FROM document WHERE view = $1 AND generation = $2

DELETE FROM parked WHERE view = $1 AND generation = $2 AND subject = $3

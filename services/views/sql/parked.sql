SELECT subject FROM parked WHERE view = $1 AND generation = $2

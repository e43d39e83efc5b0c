DELETE FROM parked
 WHERE view = $1 AND generation < (SELECT c.generation FROM view_state c WHERE c.view = $1 AND c.current)

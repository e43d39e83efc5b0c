DELETE FROM session WHERE owner = $1

SELECT request FROM event WHERE position = $1

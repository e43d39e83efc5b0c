SELECT request, body FROM event WHERE position = $1

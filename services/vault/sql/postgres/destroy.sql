SELECT destroy_key($1)

INSERT INTO session (id, owner, body, idle_at, ends_at) VALUES ($1, $2, $3, (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $4, (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $5)

DELETE FROM session WHERE ends_at <= (extract(epoch FROM clock_timestamp()) * 1000)::bigint

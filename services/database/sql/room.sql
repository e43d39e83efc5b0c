-- How many more connections this role can open to this database, by what the server, the role and the database allow; the one that asks
-- is given back.
SELECT 1 + least(
       current_setting('max_connections')::bigint
           - current_setting('superuser_reserved_connections')::bigint
           - coalesce(current_setting('reserved_connections', true)::bigint, 0)
           - (SELECT count(*) FROM pg_stat_activity WHERE usesysid IS NOT NULL),
       (SELECT nullif(rolconnlimit, -1)::bigint FROM pg_roles WHERE rolname = current_user)
           - (SELECT count(*) FROM pg_stat_activity WHERE usename = current_user),
       (SELECT nullif(datconnlimit, -1)::bigint FROM pg_database WHERE datname = current_database())
           - (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usesysid IS NOT NULL))

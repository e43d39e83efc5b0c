-- Run once by psql, after the roles: their passwords, from files that only the database's container has.
\set owner `cat "${SECRETS:-/run/secrets/database}/owner"`
\set app `cat "${SECRETS:-/run/secrets/database}/app"`
ALTER ROLE alongside_owner PASSWORD :'owner';
ALTER ROLE alongside_app PASSWORD :'app';

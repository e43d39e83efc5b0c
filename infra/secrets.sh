#!/bin/sh
# Makes the secrets of a system that are not there yet, each in the folder of the one container that may read it:
# `database` (the roles' passwords, for PostgreSQL's first start), `owner` (for migrating) and `app` (for serving, with the
# key-encryption key). In `sign-in` and `keys` the container that signs tokens makes its own. Losing `app/kek` loses everything: keep a copy elsewhere.
set -eu
umask 077
cd "${1:-/secrets}"
mkdir -p database owner app sign-in keys

# Written under another name first, so that a secret is there whole or not at all.
keep() {
    [ -s "$1" ] || { cat > "$1.new" && mv "$1.new" "$1"; }
}

random() {
    head -c 32 /dev/urandom | base64
}

for role in superuser owner app; do
    random | keep "database/$role"
done
for role in owner app; do
    # The format of PostgreSQL's password file; found through PGPASSFILE.
    echo "*:*:*:alongside_$role:$(cat "database/$role")" | keep "$role/pgpass"
done
random | keep app/kek

# The users of the images: `postgres` reads the passwords, `nobody` the rest. Only root can give files away.
if [ "$(id -u)" = 0 ]; then
    chown -R "${POSTGRES_UID:-999}" database
    chown -R "${ALONGSIDE_UID:-65534}" owner app sign-in keys
fi

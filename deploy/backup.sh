#!/bin/sh
# Everything that cannot be made anew, into one new folder: the database and the keys. docs/operations.md says
# what else to keep, and how to encrypt it.
#   DATABASE_URL or DATABASE_URL_FILE, POL_SIGNING_KEYS_DIR: as the server has them
set -eu
target=${1:?usage: deploy/backup.sh NEW_FOLDER}
[ -z "${DATABASE_URL_FILE:-}" ] || DATABASE_URL=$(cat "$DATABASE_URL_FILE")
umask 077
mkdir "$target"
# The keys after the database: whatever token it tells of was signed by a key that is in the archive.
pg_dump --format=custom --no-owner --no-privileges --file="$target/database.dump" --dbname="$DATABASE_URL"
tar -C "${POL_SIGNING_KEYS_DIR:-var/keys}" -cf "$target/keys.tar" .
cd "$target" && sha256sum database.dump keys.tar > SHA256SUMS

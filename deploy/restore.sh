#!/bin/sh
# Brings a folder that backup.sh made back, into an EMPTY database and an EMPTY or new folder of keys. Nothing
# that is there is overwritten. Run `manage.py migrate` and `manage.py verify_audit` afterwards.
#   DATABASE_URL or DATABASE_URL_FILE, POL_SIGNING_KEYS_DIR: as the new server will have them
set -eu
source=${1:?usage: deploy/restore.sh FOLDER}
[ -z "${DATABASE_URL_FILE:-}" ] || DATABASE_URL=$(cat "$DATABASE_URL_FILE")
keys=${POL_SIGNING_KEYS_DIR:-var/keys}
umask 077
(cd "$source" && sha256sum --quiet --check SHA256SUMS)
mkdir -p "$keys"
[ -z "$(ls -A "$keys")" ] || { echo "$keys is not empty" >&2; exit 1; }
# All or nothing: one transaction, which ends at the first error.
pg_restore --single-transaction --exit-on-error --no-owner --no-privileges --dbname="$DATABASE_URL" "$source/database.dump"
tar -C "$keys" --no-same-owner -xpf "$source/keys.tar"

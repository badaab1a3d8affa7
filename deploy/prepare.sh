#!/bin/sh
# What compose.yaml needs beside itself: secrets, app.env, and a certificate for trying out. Nothing that is
# there already is touched.
set -eu
name=${1:?usage: deploy/prepare.sh HOST.NAME}
cd "$(dirname "$0")"
umask 077
# The folder keeps other accounts out; the files are mounted into containers that run as another account.
mkdir -p secrets tls

make_secret() {
  [ -s "secrets/$1" ] || { printf '%s' "$2" > "secrets/$1" && chmod 0444 "secrets/$1" && echo "made secrets/$1"; }
}

make_secret secret_key "$(openssl rand -base64 48 | tr -d '\n')"
make_secret database_password "$(openssl rand -hex 24)"
make_secret database_url "postgres://pol:$(cat secrets/database_password)@postgres:5432/pol"

if [ ! -e app.env ]; then
  grep -vE '^(SECRET_KEY_FILE|DATABASE_URL_FILE|REDIS_URL|POL_SIGNING_KEYS_DIR|MEDIAPIPE_MODEL_PATH|DEEPFACE_HOME)=' \
    env.example | sed "s/verify\.example\.org/$name/g" > app.env
  echo "made app.env: look through it"
fi

if [ ! -e tls/fullchain.pem ]; then
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=$name" -addext "subjectAltName=DNS:$name" \
    -keyout tls/privkey.pem -out tls/fullchain.pem 2>/dev/null
  echo "made tls/: self-signed, for trying out; browsers will warn. Put your own fullchain.pem and privkey.pem there"
fi

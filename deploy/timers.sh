#!/bin/sh
# What has to happen now and then, where neither systemd nor cron does it: one process, one installation.
# Each job may run twice without harm, so a restart needs no memory. A job that fails is said and tried again
# at its next time.
set -u
cd "$(dirname "$0")/.." || exit 1
keys=${POL_SIGNING_KEYS_DIR:-var/keys}
rotate_after_days=${ROTATE_AFTER_DAYS:-30}
interval=${TIMER_INTERVAL_SECONDS:-60}

manage() {
  python manage.py "$@" --skip-checks || echo "timers: $1 ended with status $?" >&2
}

# True when no private key is younger than that.
is_key_old() {
  [ -d "$keys" ] && [ -z "$(find "$keys" -maxdepth 1 -name '*.pem' ! -name '*.pub.pem' -mtime "-$rotate_after_days")" ]
}

trap 'kill "$pause" 2>/dev/null; exit 0' TERM INT
pause=
done_on=
while :; do
  manage conclude_expired
  today=$(date -u +%F)
  if [ "$today" != "$done_on" ]; then
    # Evidence of tampering is kept, not purged.
    python manage.py verify_audit --skip-checks && manage purge_audit
    manage purge_sessions
    manage cleartokens
    if is_key_old; then manage rotate_keys; fi
    done_on=$today
  fi
  sleep "$interval" &
  pause=$!
  wait "$pause"
done

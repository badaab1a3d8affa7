"""A replica that writes to the audit log as fast as it can: `python -m tests.audit.writer 40`.

Every third change of state fails and takes its event back; every tenth event purges the oldest of the log.
"""

import os
import sys
from datetime import UTC, datetime, timedelta

import django

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class ChangeFailedError(Exception):
    pass


def main(count: int) -> None:
    from django.db import transaction

    from audit.models import EventKind
    from audit.retention import purge
    from audit.services import record

    for index in range(count):
        try:
            with transaction.atomic():
                record(EventKind.SESSION_OPENED, detail={"writer": os.getpid(), "index": -1})
                if index % 3 == 0:
                    raise ChangeFailedError
        except ChangeFailedError:
            pass
        with transaction.atomic():
            detail = {"writer": os.getpid(), "index": index}
            record(EventKind.SESSION_OPENED, detail=detail, now=LONG_AGO)
        if index % 10 == 9:
            purge(before=LONG_AGO + timedelta(days=1), now=datetime.now(UTC), limit=5)
    sys.stdout.write(f"wrote {count}\n")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "polsite.settings")
    django.setup()
    main(int(sys.argv[1]))

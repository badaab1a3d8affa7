"""Triggers by which the database itself refuses to change the audit log, whoever asks by whatever client.

What the checkpoint has left behind may be deleted, nothing else: so a purge moves the checkpoint first,
in the same transaction, and needs no setting that somebody else's connection could inherit. The checkpoint
only moves on, and `verify_audit` believes only one that is signed. Whoever may alter the tables can drop the
triggers too; what is done then is found by the hashes.
"""

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

EVENTS, CHECKPOINT, HEAD = "audit_auditevent", "audit_chaincheckpoint", "audit_chainhead"
INSERTED = "an audit event follows the head of the chain"
CHANGED = "audit events cannot be changed"
DELETED = "audit events are deleted by purge_audit only"
MOVED_BACK = "the audit checkpoint only moves on"
_RETAINED = f"OLD.sequence >= COALESCE((SELECT first_retained_sequence FROM {CHECKPOINT} WHERE id = 1), 1)"  # noqa: S608
_NOT_NEXT = f"NEW.sequence <> COALESCE((SELECT sequence FROM {HEAD} WHERE id = 1), 0) + 1"  # noqa: S608
_EXISTS = f"EXISTS (SELECT 1 FROM {CHECKPOINT})"  # noqa: S608
_MOVES_BACK = "NEW.id <> OLD.id OR NEW.first_retained_sequence < OLD.first_retained_sequence"
# name: the table, what is refused, when, and in which words.
# Insertions are looked at too: SQLite's INSERT OR REPLACE deletes without asking a trigger.
_GUARDS = {
    "audit_event_only_next": (EVENTS, "INSERT", _NOT_NEXT, INSERTED),
    "audit_event_no_update": (EVENTS, "UPDATE", "", CHANGED),
    "audit_event_no_delete": (EVENTS, "DELETE", _RETAINED, DELETED),
    "audit_checkpoint_only_one": (CHECKPOINT, "INSERT", _EXISTS, MOVED_BACK),
    "audit_checkpoint_no_return": (CHECKPOINT, "UPDATE", _MOVES_BACK, MOVED_BACK),
    "audit_checkpoint_no_delete": (CHECKPOINT, "DELETE", "", MOVED_BACK),
}
_TRUNCATIONS = {
    "audit_event_no_truncate": (EVENTS, DELETED),
    "audit_checkpoint_no_truncate": (CHECKPOINT, MOVED_BACK),
}


def list_guards(vendor: str) -> list[tuple[str, str]]:
    """Name and table of every trigger that the database, `sqlite` or `postgresql`, should have."""
    guards = [(name, table) for name, (table, *_) in _GUARDS.items()]
    if vendor == "postgresql":
        guards += [(name, table) for name, (table, _) in _TRUNCATIONS.items()]
    return guards


def build_statements(vendor: str) -> list[str]:
    """The SQL that makes the triggers where they are missing and leaves them where they are."""
    build = _build_postgresql if vendor == "postgresql" else _build_sqlite
    return [statement for name, guard in _GUARDS.items() for statement in build(name, *guard)] + (
        [statement for name, guard in _TRUNCATIONS.items() for statement in _build_truncation(name, *guard)]
        if vendor == "postgresql"
        else []
    )


def build_removal(vendor: str) -> list[str]:
    """The SQL that takes them away; the functions that PostgreSQL's call stay and do nothing."""
    return [
        f"DROP TRIGGER IF EXISTS {name} ON {table}"
        if vendor == "postgresql"
        else f"DROP TRIGGER IF EXISTS {name}"
        for name, table in list_guards(vendor)
    ]


def find_missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Names of the triggers that the database lacks, or has switched off."""
    query = (
        "SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        present = {name for (name,) in cursor.fetchall()}
    return [name for name, _ in list_guards(connection.vendor) if name not in present]


def install(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    """For migrations: whichever of the two databases it is."""
    for statement in build_statements(editor.connection.vendor):
        editor.execute(statement)


def remove(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    for statement in build_removal(editor.connection.vendor):
        editor.execute(statement)


def _build_sqlite(name: str, table: str, what: str, when: str, words: str) -> list[str]:
    condition = f"WHEN {when} " if when else ""
    refusing = f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
    return [
        f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {what} ON {table} FOR EACH ROW {condition}{refusing}"
    ]


def _build_postgresql(name: str, table: str, what: str, when: str, words: str) -> list[str]:
    # A trigger's WHEN may hold no subquery there, so the function decides.
    row = "OLD" if what == "DELETE" else "NEW"
    raising = _raise(words)
    body = f"IF {when} THEN {raising} END IF; RETURN {row};" if when else raising
    return _build_with_function(name, f"BEFORE {what} ON {table} FOR EACH ROW", body)


def _build_truncation(name: str, table: str, words: str) -> list[str]:
    return _build_with_function(name, f"BEFORE TRUNCATE ON {table} FOR EACH STATEMENT", _raise(words))


def _build_with_function(name: str, event: str, body: str) -> list[str]:
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$",
        f"CREATE OR REPLACE TRIGGER {name} {event} EXECUTE FUNCTION {name}()",
    ]


def _raise(words: str) -> str:
    return f"RAISE EXCEPTION '{words}' USING ERRCODE = 'integrity_constraint_violation';"

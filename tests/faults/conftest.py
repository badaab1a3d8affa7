"""What the tests of faults take away."""

from collections.abc import Iterator

import pytest

from tests.server.postgres import Postgres, find_postgres, run_postgres


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A PostgreSQL for one test, which may stop it: the one that other tests share has to stay."""
    programs = find_postgres()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    with run_postgres(programs) as running:
        yield running

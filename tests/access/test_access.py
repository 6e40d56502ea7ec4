"""Every route and method for every kind of caller, compared with table.csv.

A route or a method that is missing in the table fails, and so does every different cell. The
failure prints the lines as they are now. Look at each cell before you put a line into the table.
"""

import csv
from io import StringIO
from pathlib import Path
from typing import Final

from django.db import transaction

from tests.access.requests import METHODS, Route, ask, routes
from tests.access.scene import IDENTITIES, Scene

TABLE: Final = Path(__file__).with_name("table.csv")
HEAD: Final = ("route", "method", *IDENTITIES)
NOT_SERVED: Final = {"login", "401", "403", "405"}
"""Of a method that a page does not take: those who may not ask at all are told so first."""
REFUSED: Final = {"login", "401", "403", "404", "405"}
OWN: Final = {
    "/people/<": {"resident", "guardian"},
    "/venues/<": {"manager"},
    "/devices/<": {"manager"},
    "/inquiries/<": {"officer"},
    "/documents-seen/<": {"officer"},
    "/officer/document/<": {"officer"},
    "/held-lines/<": {"officer"},
    "/held/<": {"officer"},
    "/evidence/<int": {"officer"},
}
"""Whose the things are whose number stands in an address, by what stands before the number."""


def table() -> dict[tuple[str, str], dict[str, str]]:
    """Return the table's cells by route and method."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {(row["route"], row["method"]): row for row in rows}


def test_everybody_gets_what_the_table_says(scene: Scene) -> None:
    expected = table()
    found = {
        (route.name, method): row
        for route in routes().values()
        for method in METHODS
        if route.may_serve(method) and (row := _row(route, method, scene))
    }
    wrong = [row for key, row in found.items() if expected.get(key) != row]
    assert not wrong, f"Not as in {TABLE.name}:\n{_lines(wrong)}"
    assert expected.keys() == found.keys()


def test_nobody_gets_at_what_is_another_s() -> None:
    addresses = routes()
    for (name, method), row in table().items():
        owners = [who for part, who in OWN.items() if part in addresses[name].path]
        for who in IDENTITIES if owners else ():
            assert who in owners[0] or row[who] in REFUSED, (name, method, who)


def test_a_token_that_is_over_is_no_better_than_none() -> None:
    for (name, method), row in table().items():
        for who in ("expired", "closed", "device_revoked"):
            public = row["anonymous"] not in REFUSED
            assert row[who] in REFUSED or public, (name, method, who)


def _row(route: Route, method: str, scene: Scene) -> dict[str, str] | None:
    """Return what each caller gets; None if the route does not support the method."""
    cells = {who: cell(route, method, who, scene) for who in IDENTITIES}
    seen = {*cells.values(), cell(route, method, "administrator", scene)}
    if "405" in seen and seen <= NOT_SERVED:
        return None
    return {"route": route.name, "method": method, **cells}


def cell(route: Route, method: str, who: str, scene: Scene) -> str:
    """Return what a caller gets, and undo what the request did."""
    with transaction.atomic():
        answer = ask(route, method, who, scene)
        transaction.set_rollback(True)
    return answer


def _lines(rows: list[dict[str, str]]) -> str:
    text = StringIO()
    writer = csv.DictWriter(text, HEAD, lineterminator="\n")
    writer.writerows(rows)
    return text.getvalue()

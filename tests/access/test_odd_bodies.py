"""Any body at any address is refused or accepted, but never answered with 5xx.

Each method of each route is tried by a stranger, and by the first caller that the table allows.
"""

from typing import Final

from django.db import transaction

from tests.access.requests import Route, address, routes
from tests.access.scene import IDENTITIES, Scene
from tests.access.test_access import REFUSED, table

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
CSV: Final = "text/csv"
LINES: Final = "application/x-ndjson"
PARTS: Final = "multipart/form-data; boundary=x"
DEEP: Final = "[" * 60_000
VALUES: Final = ("null", "true", "0", '"x"', "[]", "{}", "[null]", '"\\u0000"', '"\\ud800"')
BODIES: Final = (
    *(("", kind) for kind in ("", JSON, FORM, CSV, LINES, PARTS, "x", "multipart/form-data")),
    *((value, JSON) for value in (*VALUES, "-", "1e999", "NaN", "1" * 5000, DEEP, "\0")),
    *((value, JSON) for value in ('{"a":1,"a":2}', b"\xff", b"\xef\xbb\xbf{}", '{"\\u0000":1}')),
    *(("{}", kind) for kind in ("", "x", "/", ";", "application/xml", "text/plain", FORM)),
    *((body, FORM) for body in ("a", "=&%", "%ff=%ff", "a=%00&\0", "a&" * 900, b"\xff")),
    *(
        (body, LINES)
        for body in ('null\n[]\n0\n"x"\n{', "\n\n", b"\xff\n{}", DEEP, '{"a":"\\u0000"}')
    ),
    *(
        (body, CSV)
        for body in ("a,", '"', b"\xff", "\0", "code,level\n33\n\0,red", "code,level\n9,red")
    ),
    *((body, PARTS) for body in ("--x--", "--x\r\n\r\n", "--x")),
)
METHODS: Final = ("POST", "PUT", "PATCH", "DELETE")


def test_no_body_is_a_fault_of_ours(scene: Scene) -> None:
    rows = table()
    for name, route in routes().items():
        for method in METHODS:
            row = rows.get((name, method), {})
            let_in = [who for who in IDENTITIES if row.get(who, "405") not in REFUSED]
            for who in {"anonymous", *let_in[:1]}:
                assert faults(scene, route, method, who) == []
        for method in ("OPTIONS", "TRACE"):
            assert faults(scene, route, method, "officer", BODIES[:2]) == []


def faults(
    scene: Scene,
    route: Route,
    method: str,
    who: str,
    bodies: tuple[tuple[str | bytes, str], ...] = BODIES,
) -> list[object]:
    """Return the answers with 500 and more."""
    client = scene.clients[who]
    found: list[object] = []
    unread = set() if route.path.startswith("/api/") else {JSON, CSV, LINES}
    client.raise_request_exception = False
    for body, kind in bodies:
        if kind in unread and body not in {"", "null"}:
            continue
        with transaction.atomic():
            told = client.generic(method, address(route, scene), body, content_type=kind)
            transaction.set_rollback(True)
        if told.status_code >= 500:
            found.append((route.name, method, who, body[:20], kind))
        if told.status_code in {401, 403, 405}:
            break
        if told.status_code == 415:
            unread.add(kind)
    return found

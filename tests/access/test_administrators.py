"""An administrator is let in to what administers, and to nothing else."""

from typing import Final

from tests.access.requests import METHODS, routes
from tests.access.scene import Scene
from tests.access.test_access import NOT_SERVED, cell

LET_IN: Final = {
    *{"proposals", "officer-proposals", "own-devices", "staff-token"},
    *{"first-factor", "own-factors", "second-factor"},
    *{"administration", "administration-grant", "administration-account"},
    *{"administration-venues", "administration-add-venue", "administration-venue"},
    *{"administration-partners", "administration-partner"},
}
"""The routes that answer an administrator otherwise than an account without a role."""


def test_an_administrator_is_let_in_nowhere_else(scene: Scene) -> None:
    differ = set()
    for route in routes().values():
        for method in METHODS:
            if route.may_serve(method):
                cells = {cell(route, method, who, scene) for who in ("administrator", "no_role")}
                if len(cells) > 1 and cells - NOT_SERVED:
                    differ.add(route.name)
    assert differ == LET_IN

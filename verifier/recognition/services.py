"""Trust another issuer by hand."""

import re
from datetime import datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from healthcode.areas.errors import EndedArea
from healthcode.areas.lives import lives
from healthcode.core import grammar
from healthcode.sandbox import is_specimen
from healthcode.web.errors import InvalidInput
from verifier.models import Publication, TrustedIssuer

_NAMED_BY_AREA: Final = re.compile("CN-([0-9]+)")


def trust_issuer(*, name: str, base_url: str, at: datetime) -> TrustedIssuer:
    """Accept an issuer's codes from now on, with the keys that it publishes at `base_url`.

    Raises:
        InvalidInput: `name` has a wrong form, or is the name of an issuer of specimens.
        EndedArea: `name` is the code of a division that no longer exists.
    """
    if not re.fullmatch(grammar.ISSUER, name):
        raise InvalidInput(_("Give the issuer's name as its codes state it, such as CN-33."))
    _require_living(name, at)
    if is_specimen(name):
        raise InvalidInput(_("Specimens are only for the sandbox. Their issuer is never trusted."))
    address = base_url.rstrip("/")
    issuer, created = TrustedIssuer.objects.get_or_create(name=name, defaults={"base_url": address})
    if not created and issuer.base_url != address:
        # Keys and lists from the old address must not count for the new one.
        Publication.objects.filter(issuer=name).delete()
        issuer.base_url = address
        issuer.save(update_fields=["base_url"])
    return issuer


def _require_living(name: str, at: datetime) -> None:
    found = _NAMED_BY_AREA.fullmatch(name)
    life = lives([found[1]]).get(found[1]) if found else None
    if life is not None and life.has_ended_by(at):
        raise EndedArea([("/name", life.code, life.sentence)])

"""Recognising another issuer's codes by hand."""

from django.utils.translation import gettext_lazy as _

from healthcode.sandbox import is_specimen
from healthcode.web.errors import InvalidInput
from verifier.models import Publication, TrustedIssuer


def trust_issuer(*, name: str, base_url: str) -> TrustedIssuer:
    """Recognise an issuer's codes from now on, as published at `base_url`.

    Raises InvalidInput for an issuer of specimens.
    """
    if is_specimen(name):
        raise InvalidInput(_("Specimens are for the sandbox; their issuer is never trusted."))
    address = base_url.rstrip("/")
    issuer, created = TrustedIssuer.objects.get_or_create(name=name, defaults={"base_url": address})
    if not created and issuer.base_url != address:
        # What was fetched elsewhere is not this address's word.
        Publication.objects.filter(issuer=name).delete()
        issuer.base_url = address
        issuer.save(update_fields=["base_url"])
    return issuer

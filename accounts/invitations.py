"""Invitations: links with which staff choose their password, so that nobody else ever knows it."""

import secrets
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import second_factor, sign_ins
from accounts.authentication import MOST_BYTES, digest
from accounts.errors import InvitationOver
from accounts.event_models import AccountEventKind
from accounts.models import Account, Invitation
from healthcode.web.errors import NotFound

INVITATION_LIFE: Final = timedelta(hours=72)


def invite(*, account: Account, shown_to: Account, at: datetime) -> Invitation:
    """Let the account's owner choose a password, and let `shown_to` see the link once.

    An earlier invitation of the account ends.
    """
    invitation, _made = Invitation.objects.update_or_create(
        account=account,
        defaults={"shown_to": shown_to, "digest": None, "expires_at": at + INVITATION_LIFE},
    )
    return invitation


@transaction.atomic
def show_token(*, account: Account, to: Account, at: datetime) -> str:
    """Return the token of the account's invitation, once; only its digest is stored.

    Raises:
        NotFound: `to` may not see it, it was shown before, or its time is over.
    """
    waiting = Invitation.objects.select_for_update().filter(
        account=account, shown_to=to, digest=None, expires_at__gt=at
    )
    invitation = waiting.first()
    if invitation is None:
        raise NotFound(
            _(
                "There is no link to show you. You see a link once, within 72 hours. If it is "
                "lost, have the password set anew."
            )
        )
    token = secrets.token_urlsafe(32)
    invitation.digest = digest(token)
    invitation.save(update_fields=["digest"])
    return token


def link_of(token: str) -> str:
    """Return the address of the page on which the owner chooses the password."""
    return f"{settings.STAFF_URL}{reverse('invitation')}?{urlencode({'code': token})}"


def invited(token: str, *, at: datetime) -> Account:
    """Return the account whose owner may choose a password with this token.

    Raises:
        InvitationOver: there is no such invitation, or not any more.
    """
    if not token.isascii() or len(token) > MOST_BYTES:
        raise InvitationOver
    known = Invitation.objects.select_related("account").filter(
        digest=digest(token), expires_at__gt=at, account__is_active=True
    )
    invitation = known.first()
    if invitation is None:
        raise InvitationOver
    return invitation.account


@transaction.atomic
def accept(*, token: str, password: str, at: datetime) -> Account:
    """Set the password that the account's owner chose. The link does not work again.

    Raises:
        InvitationOver: as `invited`.
        django.core.exceptions.ValidationError: the password is too weak.
    """
    account = invited(token, at=at)
    validate_password(password, account)
    if not Invitation.objects.filter(account=account, digest=digest(token)).delete()[0]:
        raise InvitationOver
    account.set_password(password)
    account.save(update_fields=["password"])
    sign_ins.note(account=account, kind=AccountEventKind.PASSWORD_CHOSEN, at=at)
    return account


@transaction.atomic
def take_password(*, account: Account, at: datetime) -> None:
    """End password and second factors of an account, with all that they opened.

    These are its sessions, tokens, devices and invitation.
    """
    Invitation.objects.filter(account=account).delete()
    if account.has_usable_password():
        sign_ins.note(account=account, kind=AccountEventKind.OFFICE_ENDED, at=at)
    account.set_unusable_password()
    account.save(update_fields=["password"])
    account.tokens.all().delete()
    account.devices.all().delete()
    second_factor.remove_all(account=account)

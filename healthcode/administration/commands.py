"""What the commands of this room share: they name an administrator, and give a ground."""

from abc import ABC, abstractmethod
from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Account, Invitation
from healthcode.acts.grounds import add_ground, ground_of
from healthcode.acts.models import Proposal
from healthcode.acts.waiting import waiting_told
from healthcode.administration.administrator import Administrator
from healthcode.administration.plans import ChangedAccount
from healthcode.administration.staff import show_invitation
from healthcode.web.errors import Refusal


class AdministrationCommand(BaseCommand, ABC):
    """A command that an administrator answers for. Its refusals are sentences."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare who does it, and on what ground."""
        parser.add_argument(
            "--by", required=True, help="user name of the administrator who answers for this"
        )
        add_ground(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it now. Raises CommandError if it is refused."""
        try:
            self.administer(options, at=timezone.now())
        except Refusal as refusal:
            raise CommandError(str(refusal.detail)) from refusal

    @abstractmethod
    def administer(self, options: Mapping[str, Any], *, at: datetime) -> None:
        """Do what the options say. Each command does something else."""


def administrator(options: Mapping[str, Any]) -> Administrator:
    """Return who answers for a command. The services check what they may do.

    Raises CommandError: there is no such account, or it is closed.
    """
    return Administrator(account_named(options["by"], is_open=True), ground_of(options))


def account_named(name: str, *, is_open: bool = False) -> Account:
    """Return the account with this name. Raises CommandError if there is none.

    Args:
        is_open: whether a closed account counts as none.
    """
    account = Account.objects.filter(username=name).first()
    if account is None or (is_open and not account.is_active):
        raise CommandError(f"There is no account {name}; make it with add_staff.")
    return account


def told(done: ChangedAccount | Proposal, *, said: str, by: Administrator, at: datetime) -> str:
    """Return what a command prints for an act about somebody's account.

    If it waits, say for whom. If it invites the owner of the account, show the link.

    Args:
        said: what was done, if it was done.
    """
    if isinstance(done, Proposal):
        return (
            f"{waiting_told(done)}\n"
            "After that, show_invitation prints the link with which the owner chooses a password."
        )
    if not Invitation.objects.filter(account=done.account, shown_to=by.account).exists():
        return said
    return f"{said}\n{link_told(to=by.account, account=done.account, at=at)}"


def link_told(*, to: Account, account: Account, at: datetime) -> str:
    """Return what a command prints to hand over. Raises NotFound if there is no link to show."""
    link = show_invitation(to=to, account=account, at=at)
    return (
        f"Hand this link to the owner of {account.username}; it works once, for 72 hours:\n{link}"
    )

"""What this room refuses, each with a stable slug (docs/reference/api.md)."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcode.web.errors import Conflict, Forbidden, InvalidInput, Refusal, TooMany


def invalid(pointer: str, detail: str | Promise) -> InvalidInput:
    """One fault at one member of the input, for the caller to raise."""
    return InvalidInput(detail, errors=[{"pointer": pointer, "detail": detail}])


class DocumentAlreadyRegistered(Conflict):
    """One document, one person, ever. Never says by whom it was registered."""

    slug = "document-already-registered"
    title = _("This document is already registered")

    def __init__(self) -> None:
        super().__init__(
            _(
                "This document is already registered. If it is yours or that of somebody you look "
                "after, log in with the phone used then, or take the document to a service desk."
            )
        )


class SelfAlreadyRegistered(Conflict):
    """An account has one person who is its holder."""

    slug = "self-already-registered"
    title = _("You are already registered")

    def __init__(self) -> None:
        super().__init__(
            _("You are already registered with this phone. Add others as those you look after.")
        )


class UnknownHomeArea(Refusal):
    """No such division."""

    slug = "unknown-area"
    title = _("Unknown area")

    def __init__(self, pointer: str) -> None:
        detail = _("There is no area with this code. Choose it from the list of divisions.")
        super().__init__(detail, errors=[{"pointer": pointer, "detail": detail}])


class OutsideYourArea(Forbidden):
    """An officer's authority is an area and all below it."""

    slug = "outside-your-area"
    title = _("Outside your area")

    def __init__(self, **members: object) -> None:
        super().__init__(_("This lies outside the area that you are responsible for."), **members)


class AccountClosed(Forbidden):
    """The account was closed by an administrator."""

    slug = "account-closed"
    title = _("This account is closed")

    def __init__(self) -> None:
        super().__init__(_("This account is closed. Ask a service desk to open it again."))


class WrongCode(Refusal):
    """The one-time code is not the one that was sent last, or it is over."""

    slug = "wrong-code"
    status = 401
    title = _("Wrong code")

    def __init__(self) -> None:
        super().__init__(
            _("This code is wrong or no longer valid. Check it, or ask for a new one.")
        )


class WrongPassword(Refusal):
    """Name and password do not belong together; never says which of them is wrong."""

    slug = "wrong-password"
    status = 401
    title = _("Wrong name or password")

    def __init__(self) -> None:
        super().__init__(_("Name or password is wrong."))


class CodeVoid(TooMany):
    """Too many wrong attempts at one code."""

    def __init__(self, *, retry_after: int) -> None:
        super().__init__(
            _("Too many wrong attempts; this code is void. Ask for a new one."),
            retry_after=retry_after,
        )


class SendingFailed(Refusal):
    """The text message could not be handed over."""

    slug = "cannot-send"
    status = 503
    title = _("The message could not be sent")

    def __init__(self) -> None:
        super().__init__(_("The text message could not be sent. Please try again in a minute."))

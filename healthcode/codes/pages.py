"""The page of a living code, and what it fetches with the session it was opened with."""

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from accounts.models import Role
from accounts.permissions import account_of, role_required
from healthcode.codes import api, serializers, services
from healthcode.codes.errors import DeclareFirst
from healthcode.codes.services import IssuedCode
from healthcode.codes.words import CODE_WORDS, colour_name
from healthcode.core import Kind
from healthcode.web.errors import Refusal


class PageSession(SessionAuthentication):
    """The session of a page; a request without one is answered 401, as with a bad token."""

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return "Session"


class CodeOfPage(api.CodeView):
    """The code as the live page renews it."""

    authentication_classes = [PageSession]
    schema = None


class PhoneCodeOfPage(api.PhoneCodeView):
    """The code of the day as the pocket page takes it along."""

    authentication_classes = [PageSession]
    schema = None


class CodePictureOfPage(api.CodePngView):
    """The picture that the live page shows where there is no script."""

    authentication_classes = [PageSession]
    schema = None


class CardOfPage(api.CardView):
    """The card that the live page offers to print."""

    authentication_classes = [PageSession]
    schema = None


@never_cache
@require_safe
@role_required(Role.RESIDENT)
def live(request: HttpRequest, person: int) -> HttpResponse:
    """The live code of somebody the account looks after; who has not declared is sent there."""
    try:
        issued = services.issue_code(
            account=account_of(request), person_id=person, kind=Kind.LIVE, at=timezone.now()
        )
    except DeclareFirst as first:
        messages.info(request, str(first.detail))
        return redirect(f"/people/{person}/declare")
    except Refusal as refusal:
        context = {"title": refusal.title, "advice": refusal.detail}
        return render(request, "web/error.html", context, status=refusal.status)
    return render(request, "codes/live.html", _context(issued))


@require_safe
def pocket(request: HttpRequest) -> HttpResponse:
    """The page that shows a code without network; public, since it holds nobody's data.

    The phone keeps the page, and the code with its key beside it.
    """
    context = {"code_words": _words(), "texts": _texts() | _pocket_texts()}
    return render(request, "codes/pocket.html", context)


@require_safe
def pocket_worker(request: HttpRequest) -> HttpResponse:
    """Its service worker; the address decides which pages it serves, /static/ would not do."""
    path = finders.find("built/pocket-worker.js")
    if path is None:
        raise FileNotFoundError("built/pocket-worker.js is missing: run make frontend")
    answer = HttpResponse(Path(path).read_bytes(), content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer


def _context(issued: IssuedCode) -> dict[str, object]:
    return {
        "issued": issued,
        "colour": colour_name(issued.colour),
        "word": CODE_WORDS[issued.colour],
        "code_words": _words(),
        "document": serializers.document(issued),
        "refresh_seconds": int((issued.refresh_after - issued.issued_at).total_seconds()),
        "card_days": timedelta(seconds=settings.PAPER_CODE_SECONDS).days,
        "texts": _texts(),
    }


def _words() -> dict[str, str]:
    return {colour_name(colour): str(word) for colour, word in CODE_WORDS.items()}


def _texts() -> dict[str, object]:
    """What the page's script says, in the reader's language; it fills in what stands in braces."""
    return {
        "second": _("{seconds} s ago"),
        "minute": _("{minutes} min {seconds} s ago"),
        "offline": _("No connection. The code on the screen is valid until {time}."),
        "expired": _(
            "This code has expired. It will be renewed automatically as soon as you are connected "
            "again."
        ),
        "back": _("You are connected again. The code has been renewed."),
        "changed": _("The colour has changed: {colour}."),
        "colours": _words(),
    }


def _pocket_texts() -> dict[str, object]:
    return {
        "kept": _("This phone can show the code until {time}, even without a network."),
        "unchecked": _(
            "No connection. This is the colour as of {time}; it has not been checked since."
        ),
        "gone": _(
            "This phone is no longer allowed to show this code, so the code was removed. Please "
            "log in and open your code again."
        ),
        "stale": _(
            "The saved code has expired. Connect this phone to the network to save a new one."
        ),
        "nothing": _(
            "This phone has no saved code yet. Connect to the network and open your code first."
        ),
        "unable": _("This browser cannot save a code. Please use the live code or print a card."),
    }

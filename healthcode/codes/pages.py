"""Show the page of a live code, and answer the calls that this page makes."""

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

from accounts.errors import ProofNeeded
from accounts.models import Role
from accounts.permissions import account_of, role_required
from healthcode.codes import api, serializers, services
from healthcode.codes.errors import DeclareFirst
from healthcode.codes.services import IssuedCode
from healthcode.codes.words import CODE_WORDS, colour_name
from healthcode.core import Kind
from healthcode.web.errors import Refusal


class PageSession(SessionAuthentication):
    """Authenticates by the session of a page. Without one the answer is 401, as for a bad token."""

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 names in `WWW-Authenticate`."""
        return "Session"


class CodeOfPage(api.CodeView):
    """The call by which the live page renews its code."""

    authentication_classes = [PageSession]
    schema = None


class PhoneCodeOfPage(api.PhoneCodeView):
    """The call by which the pocket page saves a code for one day."""

    authentication_classes = [PageSession]
    schema = None


class CodePictureOfPage(api.CodePngView):
    """The picture that the live page shows in a browser without script."""

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
    """Show the live code of a person whom the account looks after.

    Redirect to the declaration if nobody has declared for this person, and to the page about proofs
    if the account only claims this person and its claim is closed.
    """
    try:
        issued = services.issue_code(
            account=account_of(request), person_id=person, kind=Kind.LIVE, at=timezone.now()
        )
    except DeclareFirst as first:
        messages.info(request, str(first.detail))
        return redirect(f"/people/{person}/declare")
    except ProofNeeded:
        return redirect(f"/people/{person}/proof")
    except Refusal as refusal:
        context = {"title": refusal.title, "advice": refusal.detail}
        return render(request, "web/error.html", context, status=refusal.status)
    return render(request, "codes/live.html", _context(issued))


@require_safe
def pocket(request: HttpRequest) -> HttpResponse:
    """Show the page that works without a network. It is public because it holds nobody's data.

    The phone stores the page, and beside it the code with its key.
    """
    context = {"code_words": _words(), "texts": _texts() | _pocket_texts()}
    return render(request, "codes/pocket.html", context)


@require_safe
def pocket_worker(request: HttpRequest) -> HttpResponse:
    """Serve the pocket page's service worker.

    It has an address outside /static/, because the address decides which pages a worker may serve.
    """
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
    """Return the script's sentences in the reader's language; the script fills in the braces."""
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

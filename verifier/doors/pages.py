"""The scanner page, and what lets a phone install it and start it without network."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from verifier.messages import EU_CERTIFICATE, SENTENCES, WEB_ADDRESS

WORKER: Final = "built/scanner-worker.js"
# What the page's own address does not show to have changed.
_VERSIONED: Final = ("built/scanner.js", "built/zxing_reader.wasm", "verifier/scanner.css")


@require_GET
def scanner(request: HttpRequest) -> HttpResponse:
    """The scanner; public, since a device becomes one by its enrolment code alone."""
    phrases = {name: str(text) for name, text in PHRASES.items()} | _sentences()
    return render(request, "verifier/scanner.html", {"phrases": phrases, "version": _version()})


@require_GET
def scanner_manifest(request: HttpRequest) -> HttpResponse:
    """The web app manifest (W3C): what a phone needs to install the scanner."""
    manifest = {
        "id": "/scanner",
        "name": _("Health code scanner"),
        "short_name": _("Scanner"),
        "lang": request.LANGUAGE_CODE,
        "start_url": "/scanner",
        "scope": "/scanner",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#0b6b3a",
        "icons": [
            {
                "src": static(f"verifier/scanner-{size}.png"),
                "sizes": f"{size}x{size}",
                "type": "image/png",
            }
            for size in (192, 512)
        ],
    }
    return JsonResponse(manifest, content_type="application/manifest+json")


@require_GET
def scanner_worker(request: HttpRequest) -> HttpResponse:
    """The service worker. Its address decides which pages it may serve: /static/ would not do."""
    answer = HttpResponse(_built(WORKER), content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer


@cache
def _version() -> str:
    """Changes with the page's files, so that a kept page never meets files of another."""
    digest = hashlib.sha256(b"".join(_built(name) for name in _VERSIONED))
    return digest.hexdigest()[:12]


def _built(name: str) -> bytes:
    path = finders.find(name)
    if path is None:
        raise FileNotFoundError(f"{name} is missing: run make frontend")
    return Path(path).read_bytes()


def _sentences() -> dict[str, str]:
    """What the page says of the verdicts that it reaches by itself."""
    reasons = {f"reason-{reason.value}": str(text) for reason, text in SENTENCES.items()}
    return reasons | {"web-address": str(WEB_ADDRESS), "eu-certificate": str(EU_CERTIFICATE)}


PHRASES: Final = {
    "pass": _("Let in"),
    "caution": _("Check first"),
    "refuse": _("No entry"),
    "none": _("No verdict"),
    "no-code": _("Not a code"),
    "waiting": _("Checking…"),
    "made": _("Code made"),
    "tap-for-sound": _("Tap the screen once to switch the sound on."),
    "enrolling": _("Enrolling this device…"),
    "no-enrolment-code": _(
        "This is not an enrolment code. Ask the venue's manager for one to enrol this device."
    ),
    "no-network": _(
        "The server cannot be reached, so there is no verdict. Check the network and scan "
        "again; until then nobody is let in on this scan."
    ),
    "not-understood": _(
        "The server's answer could not be understood, so there is no verdict. Scan again."
    ),
    "not-kept": _(
        "This device cannot keep the scan, so there is no verdict. Free some of its storage and "
        "scan again."
    ),
    "camera-not-allowed": _(
        "The browser does not let this page use the camera. Allow it in the browser's "
        "settings, or use a handheld scanner."
    ),
    "camera-needs-https": _(
        "Browsers give a camera only to pages opened over https. Use a handheld scanner, or "
        "open this page over https."
    ),
    "no-camera": _("This device has no camera. Use a handheld scanner, or type the code."),
    "camera-starting": _("The camera starts. If the browser asks, allow it for this page."),
    "camera-busy": _("Another program uses the camera. Close it and start the camera again."),
    "camera-gone": _("The camera stopped. Start it again."),
    "reader-missing": _(
        "What reads pictures could not be loaded. Check the network and start the camera again, or "
        "use a handheld scanner."
    ),
    "reader-broken": _(
        "Pictures cannot be read on this device. Start the camera again, or use a handheld scanner."
    ),
    "no-sound": _("This device makes no sound: look at the screen, or begin anew."),
    "no-light": _("The light does not work on this device. Scan without it, or begin anew."),
    "page-failed": _("Something failed in this page. Begin anew, and scan again."),
    "disk-full": _(
        "This device cannot keep what it needs without network. Free some of its storage."
    ),
    "online": _("Connected"),
    "offline": _("Without network: this device decides"),
    "unreachable": _("Without network"),
    "no-data": _("No data yet: without network there is no verdict"),
    "too-old": _("Data too old: nobody passes without a look. Find a network."),
    "too-old-of": _("Data too old, codes pass only after a look:"),
    "not-signed": _("What the server sent is not signed as before. Enrol this device again."),
    "clock-unknown": _("Clock not yet compared with the server's"),
    "clock-right": _("Clock right to the second"),
    "clock-ahead": _("Clock ahead by"),
    "clock-behind": _("Clock behind by"),
    "clock-wrong": _("Set this device's clock; until then the server's time counts."),
    "clock-moved": _(
        "This device's clock was set back. Nobody passes without a look until it has heard the "
        "server's time."
    ),
    "doubt-elsewhere": _(
        "A code scanned here was shown in another city, too: one of the two may be a copy."
    ),
    "doubt-often": _("The same picture was scanned {times} times: some may be copies."),
    "data": _("Data from"),
    "waiting-scans": _("Scans still to be sent:"),
    "not-sent-yet": _(
        "Some scans have not been sent yet. Find a network first, so that they are not lost."
    ),
}

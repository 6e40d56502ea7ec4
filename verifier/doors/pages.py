"""The scanner page, its manifest and its service worker, with which it starts without network."""

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
# Files whose content decides the version that their addresses carry.
_VERSIONED: Final = ("built/scanner.js", "built/zxing_reader.wasm", "verifier/scanner.css")


@require_GET
def scanner(request: HttpRequest) -> HttpResponse:
    """Show the scanner. It is public, because the enrolment code is all that a device needs."""
    phrases = {name: str(text) for name, text in PHRASES.items()} | _sentences()
    return render(request, "verifier/scanner.html", {"phrases": phrases, "version": _version()})


@require_GET
def scanner_manifest(request: HttpRequest) -> HttpResponse:
    """Return the web app manifest (W3C), with which a phone installs the scanner."""
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
    """Return the service worker. It may serve only pages below its address, so not /static/."""
    answer = HttpResponse(_built(WORKER), content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer


@cache
def _version() -> str:
    """Return a version of the page's files, so that a kept page never loads newer files."""
    digest = hashlib.sha256(b"".join(_built(name) for name in _VERSIONED))
    return digest.hexdigest()[:12]


def _built(name: str) -> bytes:
    path = finders.find(name)
    if path is None:
        raise FileNotFoundError(f"{name} is missing: run make frontend")
    return Path(path).read_bytes()


def _sentences() -> dict[str, str]:
    """Return the sentences for verdicts that the page reaches by itself."""
    reasons = {f"reason-{reason.value}": str(text) for reason, text in SENTENCES.items()}
    return reasons | {"web-address": str(WEB_ADDRESS), "eu-certificate": str(EU_CERTIFICATE)}


PHRASES: Final = {
    "pass": _("Let in"),
    "caution": _("Check first"),
    "refuse": _("No entry"),
    "none": _("No result"),
    "no-code": _("Not a code"),
    "waiting": _("Checking…"),
    "made": _("Code made"),
    "tap-for-sound": _("Tap the screen once to switch the sound on."),
    "enrolling": _("Enrolling this device…"),
    "no-enrolment-code": _(
        "This is not an enrolment code. Ask the venue's manager for an enrolment code."
    ),
    "no-network": _(
        "Cannot reach the server. Check the network and scan again. Do not let anybody in on this "
        "scan."
    ),
    "not-understood": _("This page cannot read the server's answer. Scan again."),
    "not-kept": _("This device cannot save the scan. Free some storage, then scan again."),
    "camera-not-allowed": _(
        "This page may not use the camera. Allow it in the browser's settings, or use a handheld "
        "scanner."
    ),
    "camera-needs-https": _(
        "The camera works only if the page's address begins with https. Open that address, or use "
        "a handheld scanner."
    ),
    "no-camera": _("This device has no camera. Use a handheld scanner, or type the code."),
    "camera-starting": _("The camera is starting. If the browser asks, allow this page to use it."),
    "camera-busy": _("Another program uses the camera. Close it and start the camera again."),
    "camera-gone": _("The camera stopped. Start it again."),
    "reader-missing": _(
        "The part of this page that reads codes did not load. Check the network and start the "
        "camera again, or use a handheld scanner."
    ),
    "reader-broken": _(
        "This device cannot read codes from its camera. Start the camera again, or use a handheld "
        "scanner."
    ),
    "no-sound": _("The sound does not work. Watch the screen, or reload the page."),
    "no-light": _("The light does not work. Scan without it, or reload the page."),
    "page-failed": _("Something went wrong on this page. Reload the page and scan again."),
    "disk-full": _(
        "This device cannot save the data it needs to work without a network. Free some storage."
    ),
    "online": _("Connected"),
    "offline": _("No network: this device decides"),
    "unreachable": _("No network"),
    "no-data": _("No data yet: this device cannot check codes without a network"),
    "too-old": _("Data too old. Check everybody before you let them in, and connect to a network."),
    "too-old-of": _("Data too old. Check first if the code is from:"),
    "not-signed": _("The server's data is not signed as before. Enrol this device again."),
    "clock-unknown": _("Clock not yet compared with the server"),
    "clock-right": _("Clock correct"),
    "clock-ahead": _("Clock ahead by"),
    "clock-behind": _("Clock behind by"),
    "clock-wrong": _(
        "This device's clock is wrong. Set it. Until then this page uses the server's time."
    ),
    "clock-moved": _(
        "This device's clock was set back. Check everybody before you let them in, until this "
        "device has reached the server."
    ),
    "doubt-elsewhere": _(
        "A code scanned here was also shown in another city. One of the two may be a copy: look "
        "out for screenshots."
    ),
    "doubt-often": _(
        "The same picture of a code was scanned {times} times. Some may be copies: look out for "
        "screenshots."
    ),
    "data": _("Data from"),
    "waiting-scans": _("Scans not sent yet:"),
    "not-left": _(
        "The server could not be told. Connect this device to a network and leave again, or ask "
        "the venue's manager to block it."
    ),
    "not-sent-yet": _(
        "Some scans have not been sent yet. Connect to a network first, so that they are not lost."
    ),
}

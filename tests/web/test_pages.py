"""Pages that belong to no other room."""

import pytest
from django.test import Client
from django.test.utils import override_settings
from django.urls import path

from healthcode import urls
from healthcode.web.errors import NotFound
from healthcode.web.refusals import refusals_by_slug


def broken(request: object) -> None:
    raise RuntimeError("a secret inside")


def refusing(request: object) -> None:
    raise NotFound("Look elsewhere.")


urlpatterns = [
    *urls.urlpatterns,
    path("api/v1/broken", broken),
    path("broken", broken),
    path("api/v1/refusing", refusing),
    path("refusing", refusing),
]
handler404, handler500 = urls.handler404, urls.handler500


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("address", ["/", "/about"])
def test_pages_open_in_both_languages(client: Client, address: str, language: str) -> None:
    client.cookies["language"] = language
    answer = client.get(address)
    assert answer.status_code == 200
    assert f'lang="{language}"' in answer.content.decode()


def test_every_problem_type_has_its_page(client: Client) -> None:
    for slug in refusals_by_slug():
        assert client.get(f"/problems/{slug}").status_code == 200, slug


def test_an_unknown_address_is_a_page_or_a_problem(client: Client) -> None:
    assert "text/html" in client.get("/nowhere").headers["Content-Type"]
    answer = client.get("/api/v1/nowhere")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/not-found"


@override_settings(ROOT_URLCONF="tests.web.test_pages")
def test_a_fault_of_ours_says_nothing_of_its_inside(client: Client) -> None:
    client.raise_request_exception = False
    for address in ("/broken", "/api/v1/broken"):
        answer = client.get(address)
        assert answer.status_code == 500
        assert "secret" not in answer.content.decode()
    assert answer.json()["type"] == "/problems/server-error"


@override_settings(ROOT_URLCONF="tests.web.test_pages")
def test_a_refusal_that_no_form_caught_is_still_a_sentence(client: Client) -> None:
    page = client.get("/refusing")
    assert page.status_code == 404
    assert "Look elsewhere." in page.content.decode()
    assert client.get("/api/v1/refusing").json()["type"] == "/problems/not-found"

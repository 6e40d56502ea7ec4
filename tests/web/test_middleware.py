"""The size of a request's body, and the language of its answer."""

import pytest
from django.test import Client

LIMIT = 64 * 1024


def post(client: Client, path: str, body: bytes, **headers: str) -> object:
    return client.post(path, data=body, content_type="application/json", headers=headers)


def test_a_body_over_the_limit_is_refused_before_it_is_read(client: Client) -> None:
    answer = client.post(
        "/api/v1/auth/otp", data=b"x" * (LIMIT + 1), content_type="application/json"
    )
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/too-large"
    assert answer.json()["limit_bytes"] == LIMIT


@pytest.mark.parametrize("announced", ["-1", "1e9", "ten"])
def test_a_length_that_is_no_number_is_refused(client: Client, announced: str) -> None:
    answer = client.generic(
        "POST", "/api/v1/auth/otp", b"{}", content_type="application/json", CONTENT_LENGTH=announced
    )
    assert answer.status_code == 413


def test_a_body_of_unknown_length_is_refused(client: Client) -> None:
    answer = client.post(
        "/api/v1/auth/otp",
        data=b"{}",
        content_type="application/json",
        headers={"Transfer-Encoding": "chunked"},
    )
    assert answer.status_code == 411
    assert answer.json()["type"] == "/problems/length-required"


@pytest.mark.parametrize(
    ("path", "accept", "cookie", "language"),
    [
        ("/about", "", "", "zh-hans"),
        ("/about", "en-GB,en;q=0.9", "", "zh-hans"),
        ("/about", "", "en", "en"),
        ("/about", "", "xx", "zh-hans"),
        ("/api/v1/nothing-here", "en-GB,en;q=0.9", "", "en"),
        ("/api/v1/nothing-here", "zh-CN", "", "zh-hans"),
    ],
)
def test_pages_are_chinese_until_the_reader_chooses(
    client: Client, path: str, accept: str, cookie: str, language: str
) -> None:
    if cookie:
        client.cookies["language"] = cookie
    answer = client.get(path, headers={"Accept-Language": accept} if accept else {})
    assert answer.headers["Content-Language"] == language


def test_what_pages_alone_need_is_not_spent_on_the_interface(client: Client) -> None:
    page = client.get("/about")
    assert "Content-Security-Policy" in page.headers
    assert page.headers["X-Frame-Options"] == "DENY"
    answer = client.post("/api/v1/scans", data=b"{}", content_type="application/json")
    assert answer.status_code == 401
    assert "Content-Security-Policy" not in answer.headers
    assert not hasattr(answer.wsgi_request, "session")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_description_of_the_interface_is_a_page(client: Client) -> None:
    assert "Content-Security-Policy" in client.get("/api/docs").headers


@pytest.mark.django_db
def test_a_form_of_a_page_proves_where_it_comes_from() -> None:
    answer = Client(enforce_csrf_checks=True).post("/login", {"phone": "13800000000"})
    assert answer.status_code == 403

"""A camera and a picture file read an EU certificate, and an officer's desk records it."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.evidence.ministry import Ministry
from tests.live.browsers import door, phone
from tests.live.service import ROOT, LiveService
from tests.live.staff_pages import log_in
from tests.live.video import picture_of

PATIENCE_MS = 30_000
NORWAY = Ministry("NO")
ZHANG = {"fnt": "ZHANG", "gnt": "WEI", "fn": "Zhang", "gn": "Wei"}


@pytest.fixture(scope="module", autouse=True)
def _norway(service: LiveService, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Make the service trust Norway's certificates."""
    bundle = tmp_path_factory.mktemp("signers") / "signers.pem"
    bundle.write_bytes(NORWAY.pem)
    command = ["manage.py", "load_document_signers", str(bundle), "--yes"]
    by = [
        "--officer",
        "demo.officer",
        "--ground-kind=operations",
        "--ground=a test of lists",
        "--country",
        "NO",
    ]
    subprocess.run([sys.executable, *command, *by], cwd=ROOT, env=service.environment(), check=True)


def open_desk(service: LiveService, page: Page) -> None:
    log_in(service, page, "demo.officer")
    page.click("a[href='/officer/certificate']")
    expect(page.locator("#camera")).to_be_visible()


def test_a_certificate_is_read_from_paper(
    service: LiveService, playwright: Playwright, tmp_path: Path
) -> None:
    text = NORWAY.test(datetime.now(UTC) - timedelta(hours=1))
    with door(playwright, tmp_path, picture_of(text)) as page:
        open_desk(service, page)
        page.click("#camera")
        expect(page.locator("#certificate")).to_have_value(text, timeout=PATIENCE_MS)
        expect(page.locator("#notice")).to_contain_text("证书读好了")
        expect(page.locator("#video")).to_be_hidden()
        expect(page.locator("#camera")).to_be_visible()


def test_another_qr_code_and_a_device_without_camera_are_told_so(
    service: LiveService, playwright: Playwright, tmp_path: Path
) -> None:
    other = tmp_path / "other.png"
    picture_of("https://example.org/").save(other)
    with phone(playwright) as page:
        open_desk(service, page)
        page.set_input_files("#picture", other)
        expect(page.locator("#notice")).to_contain_text("不是欧盟证书", timeout=PATIENCE_MS)
        page.set_input_files("#picture", ROOT / "README.md")
        expect(page.locator("#notice")).to_contain_text("没有读到二维码")
        expect(page.locator("#certificate")).to_have_value("")
        page.click("#camera")
        expect(page.locator("#notice")).to_contain_text("没有摄像头", timeout=PATIENCE_MS)


def test_one_is_chosen_as_a_picture_looked_at_and_entered(
    service: LiveService, playwright: Playwright, tmp_path: Path
) -> None:
    """For the demo's resident. Her Chinese name cannot be compared with the certificate's."""
    resident = service.demo["resident"]
    path = f"/api/v1/people/{resident['person']}/export"
    asked = service.call("GET", path, token=resident["token"]).body["step_up"]
    answer = {"step_up": asked, "document_last4": resident["document_last4"]}
    token = service.call("POST", "/api/v1/auth/step-up", json_body=answer).body["token"]
    card = service.call("GET", path, token=token).body["registration"]["id_number"]
    born = f"{card[6:10]}-{card[10:12]}-{card[12:14]}"
    text = NORWAY.test(datetime.now(UTC) - timedelta(hours=1), name=ZHANG, born=born, ci="LIVE1")
    picture = tmp_path / "certificate.png"
    picture_of(text).save(picture)
    with phone(playwright) as page:
        open_desk(service, page)
        page.set_input_files("#picture", picture)
        expect(page.locator("#certificate")).to_have_value(text, timeout=PATIENCE_MS)
        page.select_option("#id_type", "10")
        page.fill("#id_number", card)
        page.click("main form button.wide")
        expect(page.locator("#document_seen-fault")).to_contain_text("核对")
        page.check("[name=document_seen]")
        page.click("main form button.wide")
        expect(page.locator("p.notice.success")).to_contain_text("录入好了")
        expect(page.locator("#certificate")).to_have_value("")

"""The demo may be loaded only for certain provinces; these tests run without it."""

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from healthcode.tools.demo import province


@pytest.mark.django_db
def test_a_real_service_refuses_it(settings: LazySettings, tmp_path: Path) -> None:
    """Invented people must not be among real ones."""
    settings.DEMO = False
    with pytest.raises(CommandError, match="DEMO=1"):
        call_command("load_demo", out=tmp_path / "demo.json")
    assert not province.is_loaded()


@pytest.mark.django_db
def test_it_is_the_demo_of_certain_provinces(settings: LazySettings, tmp_path: Path) -> None:
    """Another issuer's doors must not admit invented people of Zhejiang by mistake."""
    settings.ISSUER = "CN-44"
    with pytest.raises(CommandError, match="CN-33 and CN-31, but not of CN-44"):
        call_command("load_demo", out=tmp_path / "demo.json")

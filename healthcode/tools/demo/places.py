"""The provinces that have a demo, by issuer."""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

_HERE = Path(__file__).parent


class NoSuchDemo(Exception):
    """Raised if the province in ISSUER has no demo. The message is the sentence to print."""


@dataclass(frozen=True)
class DemoProvince:
    """A province: its map with the reason for it, and where the demo's people live."""

    area: str
    map_file: Path
    ground: str
    home: str
    visited: str
    venue: str
    venue_area: str
    # Of the source, in Chinese and in English.
    hospital: tuple[str, str]


PROVINCES = {
    "CN-33": DemoProvince(
        area="33",
        map_file=_HERE / "zhejiang-2020-02-09.csv",
        ground="浙江省新型冠状病毒肺炎疫情防控工作新闻发布会（2020年2月10日）",
        home="330108",
        # The resident's mother was here: an orange county of that map.
        visited="330110",
        venue="西湖文化广场地铁站",
        venue_area="330105",
        hospital=("杭州市滨江人民医院", "Binjiang People's Hospital, Hangzhou"),
    ),
    # Shanghai published no such map. This one is invented, and the policy is Zhejiang's.
    "CN-31": DemoProvince(
        area="31",
        map_file=_HERE / "shanghai-invented.csv",
        ground="演示用地图，并非真实等级",
        home="310106",
        visited="310115",
        venue="人民广场地铁站",
        venue_area="310101",
        hospital=("上海市静安人民医院", "Jing'an People's Hospital, Shanghai"),
    ),
}


def here() -> DemoProvince:
    """Return the province of this service's demo. Raises NoSuchDemo."""
    province = PROVINCES.get(settings.ISSUER)
    if province is None:
        raise NoSuchDemo(
            f"There is a demo of {' and '.join(PROVINCES)}, but not of {settings.ISSUER}."
        )
    return province

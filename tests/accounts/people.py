"""Valid numbers of invented people."""

from stdnum.cn import ric

PHONE = "13800138000"


def resident_number(area: str = "330106", born: str = "19900307", sequence: int = 1) -> str:
    """Return a GB 11643 number with its check digit."""
    body = f"{area}{born}{sequence:03d}"
    return body + ric.calc_check_digit(body + "0")


WANG = {
    "name": "王秀英",
    "id_type": "10",
    "id_number": resident_number(born="19480512", sequence=124),
    "home_area": "330106",
}
LI = {
    "name": "李小龙",
    "id_type": "10",
    "id_number": resident_number(area="330108", born="20150901", sequence=77),
    "home_area": "330108",
}
SMITH = {
    "name": "John Smith",
    "id_type": "20",
    "id_number": "C01X00T47",
    "home_area": "3301",
}

"""The answer to a body that is no scan: each fault, where it is and why, in both languages."""

import json
from typing import Any, Final

import pytest
from rest_framework.response import Response
from rest_framework.test import APIClient

ID: Final = "7f0e2d4c-0000-4000-8000-000000000000"
WELL: Final = {"id": ID, "code": "JK1:"}
TIMED: Final = WELL | {"scanned_at": "2020-02-24T08:30:00+08:00"}
LANGUAGES: Final = ("en", "zh-CN")

REQUIRED = ("This field is required.", "该字段是必填项。")
NULL = ("This field may not be null.", "该字段不能为 null。")
NOTHING = ("No data provided", "No data provided")
NO_UUID = ("Must be a valid UUID.", "必须是有效的 UUID。")
NO_TEXT = ("The code must be text.", "码要用文字表示。")
EMPTY_CODE = ("The code is empty.", "码不能为空。")
UNKNOWN = ("This member is not known here.", "这里没有这个字段。")
HALF = (
    "This text contains half a character (a lone surrogate).",
    "这段文字里有半个字符（孤立代理项），不完整。",
)
NO_INSTANT = (
    "Give a time that exists, with its UTC offset, such as 2020-02-24T08:30:00+08:00.",
    "没有这个时间，或者少了时区。请这样写：2020-02-24T08:30:00+08:00。",
)
OLD = (
    "This scan is more than 7 days old, which is too old to be accepted.",
    "这次扫码已经过了7天，不再接收。",
)
BOTH = (
    "Give both given_outcome and given_reason, or neither.",
    "given_outcome 和 given_reason 要么都填，要么都不填。",
)
NO_SCANS = ("This list may not be empty.", "列表不能为空。")
TOO_MANY = ("Ensure this field has no more than 1000 elements.", "该字段不能超过 1000 个元素。")

Sentence = tuple[str, str]
FaultsByField = dict[str, Sentence]


def no_choice(value: str) -> Sentence:
    return (f'"{value}" is not a valid choice.', f"“{value}” 不是合法选项。")


def no_object(kind: str) -> Sentence:
    return (
        f"Invalid data. Expected a dictionary, but got {kind}.",
        f"无效数据。期待为字典类型，得到的是 {kind} 。",
    )


def no_list(kind: str) -> Sentence:
    return (
        f'Expected a list of items but got type "{kind}".',
        f"期望为一个包含物件的列表，得到的类型是“{kind}”。",
    )


SCANS: list[tuple[object, FaultsByField]] = [
    (b"", {"/id": REQUIRED, "/code": REQUIRED}),
    (None, {"": NOTHING}),
    ([], {"": no_object("list")}),
    ([WELL], {"": no_object("list")}),
    (7, {"": no_object("int")}),
    ("x", {"": no_object("str")}),
    ({}, {"/id": REQUIRED, "/code": REQUIRED}),
    ({"code": "x"}, {"/id": REQUIRED}),
    ({"id": ID}, {"/code": REQUIRED}),
    (WELL | {"id": None}, {"/id": NULL}),
    (WELL | {"id": 7}, {"/id": NO_UUID}),
    (WELL | {"id": "7"}, {"/id": NO_UUID}),
    (WELL | {"id": ""}, {"/id": NO_UUID}),
    (WELL | {"id": []}, {"/id": NO_UUID}),
    (WELL | {"code": None}, {"/code": NULL}),
    (WELL | {"code": 7}, {"/code": NO_TEXT}),
    (WELL | {"code": {}}, {"/code": NO_TEXT}),
    (WELL | {"code": ""}, {"/code": EMPTY_CODE}),
    (WELL | {"code": "\ud800"}, {"/code": HALF}),
    (WELL | {"code": "\udc00\ud800"}, {"/code": HALF}),
    (WELL | {"co\ud800": 1}, {r"/co\ud800": HALF}),
    (WELL | {"who": "me", "a": 1}, {"/a": UNKNOWN, "/who": UNKNOWN}),
    (WELL | {"a/b~c": 1}, {"/a~1b~0c": UNKNOWN}),
    ({"who": 1}, {"/who": UNKNOWN}),
    (
        WELL | {"given_outcome": "pass", "given_reason": "ok"},
        {
            "/given_outcome": UNKNOWN,
            "/given_reason": UNKNOWN,
        },
    ),
    (WELL | {"scanned_at": ""}, {"/scanned_at": NO_INSTANT}),
    (WELL | {"scanned_at": 7}, {"/scanned_at": NO_INSTANT}),
    (WELL | {"scanned_at": []}, {"/scanned_at": NO_INSTANT}),
    (WELL | {"scanned_at": "yesterday"}, {"/scanned_at": NO_INSTANT}),
    (WELL | {"scanned_at": "2020-02-24T08:30:00"}, {"/scanned_at": NO_INSTANT}),
    (WELL | {"scanned_at": "2020-02-24T08:30:00+0800"}, {"/scanned_at": NO_INSTANT}),
    (WELL | {"scanned_at": "2020-02-30T08:30:00Z"}, {"/scanned_at": NO_INSTANT}),
    (WELL | {"scanned_at": "9999-12-31T23:59:59-14:00"}, {"/scanned_at": NO_INSTANT}),
    (WELL | {"scanned_at": "0001-01-01T00:00:00+14:00"}, {"/scanned_at": NO_INSTANT}),
    (WELL | {"scanned_at": "2020-02-24T08:30:00Z"}, {"/scanned_at": OLD}),
    (WELL | {"scanned_at": "2020-02-24T08:30:00+08:99"}, {"/scanned_at": NO_INSTANT}),
    (
        {"id": "7", "code": "", "scanned_at": "x"},
        {
            "/id": NO_UUID,
            "/code": EMPTY_CODE,
            "/scanned_at": NO_INSTANT,
        },
    ),
]
BATCHES: list[tuple[object, FaultsByField]] = [
    (b"", {"/scans": REQUIRED}),
    (None, {"": NOTHING}),
    ([], {"": no_object("list")}),
    ({}, {"/scans": REQUIRED}),
    ({"scans": None}, {"/scans": NULL}),
    ({"scans": []}, {"/scans": NO_SCANS}),
    ({"scans": {}}, {"/scans": no_list("dict")}),
    ({"scans": "x"}, {"/scans": no_list("str")}),
    ({"scans": [TIMED, None]}, {"/scans/1": NULL}),
    (
        {"scans": [1]},
        {
            "/scans/0": (
                'Expected a dictionary of items but got type "int".',
                "期望是包含类目的字典，得到类型为 “int”。",
            )
        },
    ),
    ({"scans": [TIMED] * 1001}, {"/scans": TOO_MANY}),
    ({"scans": [{}] * 1001}, {"/scans": TOO_MANY}),
    ({"scans": [TIMED], "who": 1}, {"/who": UNKNOWN}),
    ({"scans": [TIMED, TIMED | {"code": "\ud800"}]}, {"/scans/1/code": HALF}),
    ({"scans": [TIMED | {"a\udc00": 1}]}, {r"/scans/0/a\udc00": HALF}),
]
OFFLINE: list[tuple[dict[str, object], str | None, FaultsByField]] = [
    ({}, None, {"/id": REQUIRED, "/code": REQUIRED, "/scanned_at": REQUIRED}),
    (TIMED | {"id": None}, None, {"/id": NULL}),
    (TIMED | {"id": 7}, None, {"/id": NO_UUID}),
    (TIMED | {"id": "7"}, "7", {"/id": NO_UUID}),
    (TIMED | {"id": "7" * 50}, "7" * 36, {"/id": NO_UUID}),
    (TIMED | {"code": ""}, ID, {"/code": EMPTY_CODE}),
    (TIMED | {"code": None}, ID, {"/code": NULL}),
    (WELL, ID, {"/scanned_at": REQUIRED}),
    (TIMED | {"scanned_at": None}, ID, {"/scanned_at": NULL}),
    (TIMED | {"scanned_at": ""}, ID, {"/scanned_at": NO_INSTANT}),
    (TIMED | {"scanned_at": "2020-02-24"}, ID, {"/scanned_at": NO_INSTANT}),
    (TIMED | {"scanned_at": "2020-02-24T08:30:00+0800"}, ID, {"/scanned_at": NO_INSTANT}),
    (TIMED | {"scanned_at": "2020-02-30T08:30:00Z"}, ID, {"/scanned_at": NO_INSTANT}),
    (TIMED | {"scanned_at": "9999-12-31T23:59:59-14:00"}, ID, {"/scanned_at": NO_INSTANT}),
    (TIMED, ID, {"/scanned_at": OLD}),
    (TIMED | {"given_outcome": "pass"}, ID, {"": BOTH}),
    (TIMED | {"given_reason": "ok"}, ID, {"": BOTH}),
    (
        TIMED | {"given_outcome": "passed", "given_reason": "ok"},
        ID,
        {
            "/given_outcome": no_choice("passed"),
        },
    ),
    (
        TIMED | {"given_outcome": "pass", "given_reason": "because"},
        ID,
        {
            "/given_reason": no_choice("because"),
        },
    ),
    (
        TIMED | {"given_outcome": None, "given_reason": None},
        ID,
        {
            "/given_outcome": NULL,
            "/given_reason": NULL,
        },
    ),
    (
        TIMED | {"given_outcome": "", "given_reason": ""},
        ID,
        {
            "/given_outcome": no_choice(""),
            "/given_reason": no_choice(""),
        },
    ),
    (
        TIMED | {"given_outcome": 1, "given_reason": []},
        ID,
        {
            "/given_outcome": no_choice("1"),
            "/given_reason": no_choice("[]"),
        },
    ),
    (TIMED | {"who": "me", "code": ""}, ID, {"/who": UNKNOWN}),
]
UNREADABLE: list[tuple[bytes, str]] = [
    (b"{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    (b"\xff", "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
    (b'{"id":"\xff"}', "'utf-8' codec can't decode byte 0xff in position 7: invalid start byte"),
    (b"\xef\xbb\xbf\xef\xbb\xbf{}", "Expecting value: line 1 column 1 (char 0)"),
    (b'{"code":NaN}', "NaN is no JSON number"),
    (b'{"code":-Infinity}', "-Infinity is no JSON number"),
    (b'{"code":1e999}', "a number too large"),
]


def post(door: APIClient, path: str, body: object, language: str) -> Response:
    sent = body if isinstance(body, bytes) else json.dumps(body)
    headers = {"Accept-Language": language}
    return door.post(f"/api/v1/{path}", sent, content_type="application/json", headers=headers)


def told(document: dict[str, Any]) -> dict[str, str]:
    assert document["type"] == "/problems/invalid-input"
    assert document["status"] == 422
    return {error["pointer"]: error["detail"] for error in document["errors"]}


@pytest.mark.parametrize(
    ("path", "bodies"), [("scans", SCANS), ("scans/batch", BATCHES)], ids=["one", "batch"]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_faults_of_a_body(
    door: APIClient, path: str, bodies: list[tuple[object, FaultsByField]], language: str
) -> None:
    for body, faults in bodies:
        answer = post(door, path, body, language)
        assert answer.status_code == 422, body
        expected = {at: said[LANGUAGES.index(language)] for at, said in faults.items()}
        assert told(answer.json()) == expected, body


@pytest.mark.parametrize("language", LANGUAGES)
def test_faults_of_scans_in_a_batch(door: APIClient, language: str) -> None:
    sent = {"scans": [scan for scan, _, _ in OFFLINE]}
    answer = post(door, "scans/batch", sent, language).json()
    assert (answer["accepted"], answer["rejected"]) == (0, len(OFFLINE))
    for (scan, name, faults), result in zip(OFFLINE, answer["results"], strict=True):
        expected = {at: said[LANGUAGES.index(language)] for at, said in faults.items()}
        assert (result["id"], result["answer"]) == (name, None), scan
        assert told(result["problem"]) == expected, scan


@pytest.mark.parametrize("path", ["scans", "scans/batch"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_no_json(door: APIClient, path: str, language: str) -> None:
    begin = ("The body is not JSON: ", "请求内容不是 JSON：")[LANGUAGES.index(language)]
    for body, why in UNREADABLE:
        answer = post(door, path, body, language)
        assert answer.status_code == 400, body
        assert answer.json()["type"] == "/problems/malformed-json"
        assert answer.json()["detail"] == begin + why

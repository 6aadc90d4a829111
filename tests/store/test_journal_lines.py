"""The journal's lines: whole ones are read from whatever surrounds them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.store.journal_lines import decode, encode, header, read

TEXTS = st.text(max_size=30)
PRICES = st.none() | st.floats(0, 1e6)
JSON: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    TEXTS, TEXTS | st.integers() | st.booleans(), max_size=3
)
FILES = st.fixed_dictionaries({
    "kind": st.sampled_from(["image", "video", "audio"]), "extension": st.sampled_from(["png", "mp4"]),
    "bytes": st.integers(1, 10**12), "sha256": st.just("0" * 64), "facts": JSON,
})  # fmt: skip
KINDS: list[st.SearchStrategy[dict[str, Any]]] = [
    st.fixed_dictionaries({"do": st.just("intended"), "cost": PRICES}),
    st.fixed_dictionaries({"do": st.just("withdrawn"), "reason": TEXTS}),
    st.fixed_dictionaries({
        "do": st.just("accepted"), "id": TEXTS, "begun": st.booleans(),
        "urls": st.dictionaries(TEXTS, TEXTS, max_size=2),
    }),
    st.fixed_dictionaries({"do": st.just("settled"), "result": JSON}),
    st.fixed_dictionaries({
        "do": st.just("fetched"), "kind": st.just("images"), "files": st.lists(FILES, max_size=2),
        "text": st.none() | TEXTS, "cost": PRICES, "seed": st.none() | st.integers(), "params": JSON,
        "notes": JSON,
    }),
    st.fixed_dictionaries({"do": st.just("published")}),
]  # fmt: skip
WHERE = st.fixed_dictionaries({"step": TEXTS, "key": TEXTS, "at": TEXTS})
RECORDS = st.builds(lambda what, where: {**what, **where}, st.one_of(KINDS), WHERE)


FILE: dict[str, Any] = {
    "kind": "image", "extension": "png", "bytes": 1, "sha256": "0" * 64, "facts": {},
}  # fmt: skip
KEPT: dict[str, Any] = {
    "do": "fetched", "kind": "image", "files": [FILE], "text": None, "cost": None, "seed": None, "params": {},
    "notes": {},
}  # fmt: skip


def file_of(records: list[dict[str, Any]]) -> bytes:
    """A whole journal."""
    return header() + b"".join(map(encode, records))


@given(st.lists(RECORDS, max_size=8))
def test_what_was_written_is_read(records: list[dict[str, Any]]) -> None:
    """Every record comes back as it was, in order."""
    reading = read(file_of(records))
    assert (reading.version, reading.records, reading.garbled) == (1, records, [])
    assert reading.sound == len(file_of(records))


@given(st.lists(RECORDS, min_size=1, max_size=6), st.data())
def test_a_prefix_of_the_file_holds_a_prefix_of_the_records(
    records: list[dict[str, Any]], data: st.DataObject
) -> None:
    """I35: wherever a write was cut off, all lines before it are there and nothing else is."""
    whole = file_of(records)
    cut = data.draw(st.integers(0, len(whole)))
    reading = read(whole[:cut])
    complete = whole[:cut].count(b"\n") + (cut < len(whole) and whole[cut : cut + 1] == b"\n")
    assert reading.records == records[: max(complete - 1, 0)]
    assert reading.garbled == []
    assert reading.sound <= cut


@given(st.lists(RECORDS, max_size=4), st.binary(max_size=80), st.lists(RECORDS, max_size=4))
def test_garbage_in_the_middle_costs_no_other_line(
    before: list[dict[str, Any]], garbage: bytes, after: list[dict[str, Any]]
) -> None:
    """F6: records before and after it are kept, and it is told apart."""
    lines = garbage.split(b"\n")
    unreadable = [line for line in lines if decode(line) is None]
    reading = read(file_of(before) + garbage + b"\n" + b"".join(map(encode, after)))
    assert reading.records == [*before, *after]
    assert reading.garbled == unreadable


@given(st.binary(max_size=300))
def test_reading_takes_any_bytes(content: bytes) -> None:
    """I35: total; what is garbage is no record."""
    reading = read(content)
    assert reading.records == []
    assert 0 <= reading.sound <= len(content)


@given(RECORDS, st.data())
def test_a_changed_byte_is_noticed(record: dict[str, Any], data: st.DataObject) -> None:
    """A line is as it was written, or it is none."""
    line = bytearray(encode(record)[:-1])
    place = data.draw(st.integers(0, len(line) - 1))
    line[place] ^= data.draw(st.integers(1, 255))
    assert decode(bytes(line)) is None


def test_a_line_is_json_that_other_programs_read() -> None:
    """One object a line, without NaN, and in ASCII."""
    line = encode({"do": "settled", "result": {"seconds": float("nan"), "text": "naïve \ud800"}})
    found = json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert found["record"]["result"]["seconds"] is None
    assert line.isascii()


def test_a_secret_is_blotted_out_before_the_checksum() -> None:
    """The line is sound although it is not what was said."""
    line = encode(
        {"do": "withdrawn", "reason": "bad key abcdefgh", "step": "a", "key": "k", "at": ""},
        lambda content: content.replace(b"abcdefgh", b"***"),
    )
    record = decode(line[:-1])
    assert record
    assert record["reason"] == "bad key ***"


@pytest.mark.parametrize(
    "change",
    [
        {"do": "exploded"}, {"cost": -1}, {"cost": "3"}, {"cost": True}, {"step": 3}, {"key": None},
        {"do": "accepted", "id": "x", "begun": True, "urls": {"a": 3}},
        {"do": "accepted", "id": 7, "begun": True, "urls": {}},
        {"do": "settled", "result": [1]},
        {**KEPT, "files": [{**FILE, "extension": "../x"}]},
        {**KEPT, "files": [{**FILE, "sha256": "../../etc"}]},
        {**KEPT, "files": [{**FILE, "path": "/etc/passwd"}]},
        {**KEPT, "kind": "smell"},
    ],
)  # fmt: skip
def test_a_record_that_says_nothing_sensible_is_none(change: dict[str, Any]) -> None:
    """S31: a journal may come from anywhere; names in it lead nowhere, and all that is used has its type."""
    sound = {"do": "intended", "cost": 1.0, "step": "a", "key": "k", "at": ""}
    for whole in (sound, {**sound, **KEPT}):
        assert decode(encode(whole)[:-1]) == whole
    assert decode(encode({**sound, **change})[:-1]) is None


def test_a_newer_version_is_seen_whatever_its_lines_look_like() -> None:
    """Its form may be another one; the name stands in the first line all the same."""
    assert read(b'{"seal":"9f","body":{"journal":"acp-journal/7"}}\nwhatever\n').version == 7

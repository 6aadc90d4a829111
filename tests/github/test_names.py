from __future__ import annotations

import os
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from acp_action.github.names import archive_name, artifact_name_fault, original_name

# The service's own rule for paths in an archive.
REFUSED = re.compile(r'[":<>|*?\r\n]')
RISKY = [*'":<>|*?\r\n\\%25AaFf/.\x00\x7f', "\udcff", "\udcc3", "é", "%41"]
paths = st.binary(max_size=30).map(os.fsdecode) | st.lists(st.sampled_from(RISKY)).map("".join).map(
    # As file systems give them: bytes first.
    lambda text: os.fsdecode(os.fsencode(text))
)
good_names = st.text(st.characters(categories=["L", "N"], include_characters=" ._-+=@()")).filter(
    lambda name: name.strip() and name not in (".", "..")
)


@given(paths)
@example("%253A:%3A")
@example("%2:5")
@example("a\udcc3:")
def test_replaced_name_leads_back(path: str) -> None:
    """From the name in an archive its real name can be had, so no two files get the same one."""
    assert original_name(archive_name(path)) == path


@given(paths)
def test_archived_name_is_taken_by_the_service(path: str) -> None:
    """Nothing that the service refuses is left, nor what cannot be written as UTF-8."""
    name = archive_name(path)
    assert not REFUSED.search(name)
    assert name.encode("utf-8").decode() == name


@given(good_names)
def test_good_path_stays_as_it_is(name: str) -> None:
    """Only what the service refuses is replaced."""
    assert archive_name(f"{name}/{name}.png") == f"{name}/{name}.png"


@pytest.mark.parametrize(
    ("real", "archived"),
    [
        ("shots/a:b?.png", "shots/a%3Ab%3F.png"),
        ("50%.txt", "50%.txt"),
        ("a%3Ab.png", "a%253Ab.png"),
        ("back\\slash", "back%5Cslash"),
        ("not utf-8 \udcff", "not utf-8 %FF"),
        ("line\nfeed", "line%0Afeed"),
    ],
)
def test_bad_characters_become_percent_codes(real: str, archived: str) -> None:
    """A refused character is written as % and its bytes in hex; a % only where it could be mistaken."""
    assert archive_name(real) == archived


@given(good_names)
def test_good_artifact_name_has_no_fault(name: str) -> None:
    """What the service takes is taken here."""
    assert artifact_name_fault(name) == ""


@pytest.mark.parametrize("character", list('":<>|*?\r\n\\/'))
def test_refused_character_is_named_with_a_better_name(character: str) -> None:
    """Each character that the service refuses is told, and a name without it."""
    fault = artifact_name_fault(f"a{character}b")
    assert repr(character) in fault
    assert "try 'a-b'" in fault


@pytest.mark.parametrize("name", ["", "  ", "\x07", "..", "\ud800"])
def test_name_that_is_none_has_a_fault(name: str) -> None:
    """An artifact has a name that can be shown and can be a folder's."""
    assert artifact_name_fault(name)

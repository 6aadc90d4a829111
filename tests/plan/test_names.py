"""File names of steps: safe, stable, and never two alike (I10, I32, F9, S11)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from acp_action.plan.names import LONGEST_STEM, RESERVED_STEMS, assign_stems, safe_stem

AWKWARD = st.text(
    alphabet=st.sampled_from('aAbß1_.-~ :"<>|*?\\/\r\n\0\te\u0301é\u202e\u200b\ud800ſK①界'), max_size=40
)
NAMES = AWKWARD | st.text(max_size=400)


def fold(text: str) -> str:
    """How a file system that ignores case and Unicode form compares names; written apart from the code."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


@given(NAMES)
@example("con.txt")
@example("con" + " " * 150 + ".x")
@example("é" * 76)
@example(".git")
@example("a\u0338")
def test_safe_stem_keeps_every_rule_of_file_names(name: str) -> None:
    """A stem is NFC, short, and free of all that Windows, git, shells or the artifact service refuse."""
    stem = safe_stem(name)
    assert 0 < len(stem.encode()) <= LONGEST_STEM
    assert unicodedata.is_normalized("NFC", stem)
    assert not set(stem) & set('":<>|*?\\/\r\n\0')
    assert not any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in stem)
    assert stem[0] not in ".- "
    assert stem[-1] not in ". "
    assert stem.partition(".")[0].rstrip().casefold() not in ("con", "nul", "aux", "prn", "com1", "lpt9")
    assert fold(stem) not in RESERVED_STEMS


@given(NAMES)
def test_safe_stem_is_idempotent(name: str) -> None:
    """A stem that is used as a name again is kept."""
    assert safe_stem(safe_stem(name)) == safe_stem(name)


@given(NAMES, NAMES)
def test_safe_stem_keeps_different_names_apart(one: str, other: str) -> None:
    """Two names share a stem only when they are canonically the same text, or one is the other's stem."""
    if safe_stem(one) == safe_stem(other):
        same = unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
        assert same or safe_stem(one) in (one, other)


@pytest.mark.parametrize(
    "name", ["image_1", "a", "Szene 3 (Küste)", "video.v2", "界", "a" * 150, "x+y=z, @home"]
)
def test_a_name_that_is_safe_is_kept(name: str) -> None:
    """Nothing is changed without need."""
    assert safe_stem(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *(
            "../x",
            "/etc/x",
            "a/../../x",
            "..\\x",
            "-rf",
            ".git/config",
            ".github/workflows/x.yml",
            "x\0",
            "\u202egnp",
        ),
        *(
            "",
            ".",
            "..",
            " ",
            "CON",
            "com1.txt",
            "a.",
            "a ",
            "report",
            "MANIFEST",
            "ſteps",
            "a" * 151,
            "a\u2028b",
        ),
    ],
)
def test_a_name_that_had_to_change_carries_a_hash(name: str) -> None:
    """What was changed is told apart by eight hexadecimal digits."""
    _, dash, digest = safe_stem(name).rpartition("-")
    assert (dash, len(digest)) == ("-", 8)
    assert int(digest, 16) >= 0


@given(st.lists(st.tuples(NAMES, st.booleans()), max_size=12))
@example([("a_1", False), ("a", True)])
@example([("a", True), ("A_2", False)])
@example([("x", False), ("X", False), ("x", False)])
@example([("e\u0301", False), ("\u00e9", False)])
@example([("ss", False), ("ß", False), ("SS_1", False), ("ſs", True)])
def test_no_two_outputs_share_a_file_name(steps: list[tuple[str, bool]]) -> None:
    """File names differ after NFC and casefold, the numbered ones of plural outputs too."""
    stems = assign_stems([name for name, _ in steps], [many for _, many in steps])
    files = [
        fold(f"{stem}_{n}.png" if many else f"{stem}.png")
        for stem, (_, many) in zip(stems, steps, strict=True)
        for n in range(1, 4 if many else 2)
    ]
    assert len(set(files)) == len(files)
    assert all(len(stem.encode()) <= LONGEST_STEM for stem in stems)


def test_the_first_of_twins_keeps_its_name() -> None:
    """A later step never changes the file name of an earlier one."""
    first, second = assign_stems(["Cover", "cover"], [False, False])
    assert first == "Cover"
    assert second.startswith("cover-")


def test_different_lengths_are_refused() -> None:
    """Every name needs its word on whether it is plural."""
    with pytest.raises(ValueError, match="shorter"):
        assign_stems(["a"], [])

"""What single calls are named after, and how threads share the names."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from acp_action.api.single import Call, NameBook, name_for


@pytest.mark.parametrize(
    ("text", "media", "name"),
    [
        ("A red sports car!", None, "edit_a_red_sports_car"),
        ("  ...  ", None, "edit"),
        ("../../etc/passwd", None, "edit_etc_passwd"),
        ("猫 と 犬", None, "edit_猫_と_犬"),
        ("word " * 20, None, "edit_word_word_word_word_word_word_word_word"),
        (None, Path("some/Photo 1.JPG"), "edit_photo_1"),
        (None, "https://example.com/a/b.png?x=1", "edit_b"),
        ("sepia", Path("photo.jpg"), "edit_sepia"),
        (None, None, "edit"),
    ],
)
def test_a_call_is_named_after_its_words(text: str | None, media: Path | str | None, name: str) -> None:
    """The verb, then the words of the prompt, else the name of the file that goes in."""
    assert name_for(Call("edit", "image_to_image", text, media)) == name


def test_names_are_given_once() -> None:
    """A name given before gets a number, also where file systems ignore case; folders share no names."""
    book = NameBook()
    claims = [book.claim(Path("a"), name) for name in ("x", "x", "X", "x_2")]
    assert claims == ["x", "x_2", "X_3", "x_2_2"]
    assert book.claim(Path("b"), "x") == "x"


def test_a_call_that_did_not_come_to_its_end_is_named_first() -> None:
    """Its own name, whatever its number; names that only begin alike are other calls."""
    left = {"x_12", "x_3", "x_big", "xy", "x_0"}
    claims = [NameBook().claim(Path("a"), name, left) for name in ("x", "y", "x_3")]
    assert claims == ["x_3", "y", "x_3"]
    book = NameBook()
    assert [book.claim(Path("a"), "x", left) for _ in range(4)] == ["x_3", "x_12", "x", "x_2"]
    book.give_back(Path("a"), "x_12")
    assert book.claim(Path("a"), "x", left) == "x_12"


def test_threads_never_share_a_name() -> None:
    """A hundred claims from eight threads are a hundred names."""
    book = NameBook()
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: book.claim(Path("a"), "x"), range(100)))) == 100

"""Prompts that the embedded provider puts together: from measurements, repeatable, in style and length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.providers.making import a_picture, make

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, wish: str | None = None, *media: Path, **params: Any) -> str:
    """The text of a generate_prompt step."""
    text = make(folder, "generate_prompt", wish, *media, **params).text
    assert text is not None
    return text


def test_a_prompt_has_the_wish_the_style_and_the_colours(tmp_path: Path) -> None:
    """What was wished for comes first; style and colours of the picture follow."""
    text = written(
        tmp_path, "a boat\n leaves.", a_picture(tmp_path / "a.png"), model="openrouter_video_dramatic"
    )
    assert text.startswith("a boat leaves, dramatic: a quick push")
    assert "in " in text.split("Lit by hard light from one side, ")[1]


def test_a_prompt_is_the_same_every_time(tmp_path: Path) -> None:
    """Two runs over one picture agree to the letter."""
    picture = a_picture(tmp_path / "a.png")
    assert written(tmp_path, None, picture) == written(tmp_path, None, picture)


@pytest.mark.parametrize("style", ["cinematic", "realistic", "artistic", "dramatic"])
def test_each_length_says_more(tmp_path: Path, style: str) -> None:
    """short, medium and long grow, in every style, with a picture and without."""
    texts = [
        written(tmp_path, "a boat", model="local", style=style, length=n) for n in ("short", "medium", "long")
    ]
    assert sorted(texts, key=len) == texts
    assert len(set(texts)) == 3


def test_the_style_is_that_of_the_model(tmp_path: Path) -> None:
    """A model with a style of its own is previewed in that style."""
    text = written(tmp_path, None, a_picture(tmp_path / "a.png"), model="openrouter_video_artistic")
    assert ", artistic: a floating camera" in text


@pytest.mark.parametrize("pictures", [0, 1])
def test_a_chat_is_not_answered(tmp_path: Path, pictures: int) -> None:
    """Nothing here understands a question, and the preview says so instead of inventing an answer."""
    media = [a_picture(tmp_path / "a.png")] * pictures
    text = written(tmp_path, "who are you?", *media, model="openrouter_chat")
    assert text.startswith("Asked: who are you?\n")

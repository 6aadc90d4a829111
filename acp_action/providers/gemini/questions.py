"""What each of the seven analysis models asks about pictures when a step says nothing, or little."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

QUESTIONS: Final[Mapping[str, str]] = {
    "describe": "Describe this image in two to four sentences: what it shows, where, and in what mood.",
    "detailed": (
        "Describe this image in detail: its subjects and what they do, the surroundings and the background, "
        "colours, light, materials and textures, the style and medium, the mood, and any text in it."
    ),
    "classify": (
        "Classify this image. Give, one on each line: the main category, the subcategory, the style or "
        "medium, the setting, and up to ten keywords, the most fitting first."
    ),
    "objects": (
        "List the objects in this image, the most prominent first. For each give its name, how many there "
        "are, where it is in the frame, and its colour or another mark by which it can be told."
    ),
    "ocr": (
        "Write down all text that can be read in this image, exactly as it is written, in reading order, and "
        "keep its line breaks. Mark what cannot be read as [unreadable]. Without any text, answer: no text."
    ),
    "composition": (
        "Analyse the composition of this image: framing and point of view, where the subject is and "
        "what leads to it, balance, symmetry and depth, light and shadow, colours and contrast."
    ),
    "qa": "What can be seen in this image?",
}
"""The question of each style, by the ``task`` of its model."""


def question(style: str, wish: str | None, count: int) -> str:
    """What to ask about ``count`` pictures: the style's own question, with what the step wishes beside it.

    In the style ``qa`` the wish is the question. Several pictures are asked about one by one.
    """
    wish = (wish or "").strip()
    if style == "qa" and wish:
        text = wish
    else:
        text = QUESTIONS[style] + (f"\n\nBesides, the person asking wishes: {wish}" if wish else "")
    if count > 1 and not (style == "qa" and wish):
        text += f"\n\nThere are {count} images. Answer for each of them in order, under its number."
    return text

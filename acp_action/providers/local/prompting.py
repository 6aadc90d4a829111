"""``generate_prompt``: a prompt for a video, from what is measured of the picture and what is wished for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from acp_action.providers.local.product import finished, media_paths
from acp_action.providers.local.wording import describe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.artifacts import JsonValue
    from acp_action.catalogue.models import Model
    from acp_action.providers.base import Product, Request, Token
    from acp_action.providers.local.measure import Measurement

_NO_ANSWER: Final = "The embedded provider answers nothing; this stands in for what the model would write."
_UNNAMED: Final = "The scene of the picture"
_COLORS: Final = 3


class _Style(NamedTuple):
    camera: str
    light: str
    mood: str


_STYLES: Final[Mapping[str, _Style]] = {
    "cinematic": _Style(
        "a slow dolly in, as on a film set", "soft key light with deep shadows", "calm and grand"
    ),
    "realistic": _Style("a steady camera at eye level", "the natural light that is there", "plain and true"),
    "artistic": _Style(
        "a floating camera that drifts sideways", "light that bends with the colours", "dreamlike"
    ),
    "dramatic": _Style(
        "a quick push towards the middle", "hard light from one side", "tense, with a turn at the end"
    ),
}


def write_prompt(request: Request, token: Token) -> Product:
    """Carry out a ``generate_prompt`` request; the same picture, wish and style give the same text."""
    from acp_action.providers.local.measure import measure

    paths = media_paths(request) if request.media else []
    facts = [measure(path, token) for path in paths]
    wish = " ".join((request.text or "").split())
    if request.model.task == "chat":
        text, used = _unanswered(facts, wish), {}
    else:
        style, length = (_chosen(request.params, request.model, name) for name in ("style", "length"))
        used = {"style": style, "length": length}
        text = _composed(facts[0] if facts else None, wish, style, length)
    measured: list[JsonValue] = [f.to_dict() for f in facts]
    params: dict[str, JsonValue] = {**used, "prompt": wish or None}
    return finished(request, (), "measurement", params, text=text, notes={"measured": measured})


def _chosen(params: Mapping[str, Any], model: Model, name: str) -> str:
    default = next(param.default for param in model.params if param.name == name)
    return str(params.get(name, default)).strip().lower()


def _unanswered(facts: list[Measurement], wish: str) -> str:
    return describe(facts, "describe", wish) if facts else f"Asked: {wish}\n{_NO_ANSWER}"


def _composed(facts: Measurement | None, wish: str, style: str, length: str) -> str:
    look = _STYLES[style]
    subject = wish or (facts and " ".join(facts.stored.get("Prompt", "").split())) or _UNNAMED
    sentences = [f"{subject.rstrip('.!?')}, {style}: {look.camera}."]
    if length != "short":
        sentences.append(f"Lit by {look.light}{_palette(facts)}.")
    if length == "long":
        sentences.append(f"The mood is {look.mood}.{_framing(facts)} One continuous shot without cuts.")
    return " ".join(sentences)


def _palette(facts: Measurement | None) -> str:
    named = [region.name for region in facts.colors[:_COLORS]] if facts else []
    return f", in {' and '.join([', '.join(named[:-1]), named[-1]] if named[1:] else named)}" if named else ""


def _framing(facts: Measurement | None) -> str:
    return f" The frame stays {facts.orientation}, {facts.aspect}." if facts else ""

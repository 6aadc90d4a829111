"""Measurements as texts, in the shapes of the seven analysis models; none claims to have understood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acp_action.providers.local.measure import Measurement, Region

HONEST: Final = (
    "Measured by acp-action's embedded provider, which measures pictures and does not understand them."
)
_LONGEST_STORED: Final = 300
_BRIGHTNESS: Final = (
    (15, "very dark"),
    (35, "dark"),
    (65, "of medium brightness"),
    (85, "bright"),
    (101, "very bright"),
)
_CONTRAST: Final = ((15, "low"), (40, "medium"), (201, "high"))
_SHARPNESS: Final = ((12, "soft"), (120, "fairly sharp"), (float("inf"), "sharp"))
_SATURATION: Final = ((4, "without colour"), (25, "muted"), (60, "colourful"), (101, "very colourful"))


def describe(all_facts: Sequence[Measurement], style: str, question: str) -> str:
    """The whole answer: the question if there is one, a section for each picture, and what it is worth."""
    write = _STYLES.get(style, _detailed)
    sections = []
    for number, facts in enumerate(all_facts, start=1):
        title = f"Picture {number} of {len(all_facts)}: {facts.file}\n" if len(all_facts) > 1 else ""
        sections.append(title + write(facts))
    asked = [f"Asked: {' '.join(question.split())}\n{_reply(style)}"] if question.strip() else []
    return "\n\n".join([*asked, *sections, HONEST])


def _reply(style: str) -> str:
    if style == "qa":
        return "This cannot be answered by measuring; the measurements below may help to."
    return "The measurements below are all that can be said to this without understanding the picture."


def word(value: float, scale: tuple[tuple[float, str], ...]) -> str:
    """The word for a value on a scale of upper limits."""
    return next(name for limit, name in scale if value < limit)


def _short(facts: Measurement) -> str:
    return f"{_head(facts)} {_light(facts)} {_main_colors(facts)}{_stored(facts)}"


def _head(facts: Measurement) -> str:
    kind = {"square": "A square"}.get(facts.orientation, f"A {facts.orientation}")
    return (
        f"{kind} picture of {facts.width} x {facts.height} pixels "
        f"({facts.aspect}, {facts.megapixels:.1f} megapixels, {facts.format})."
    )


def _light(facts: Measurement) -> str:
    return (
        f"It is {word(facts.brightness, _BRIGHTNESS)} and {word(facts.saturation, _SATURATION)}, "
        f"with {word(facts.contrast, _CONTRAST)} contrast, and {word(facts.sharpness, _SHARPNESS)}."
    )


def _main_colors(facts: Measurement) -> str:
    named = ", ".join(f"{r.name} ({r.share:.0%})" for r in facts.colors[:4])
    return f"Main colours: {named}."


def _stored(facts: Measurement) -> str:
    prompt = facts.stored.get("Prompt", "")
    if not prompt:
        return ""
    shown = " ".join(prompt.split())
    shown = shown if len(shown) <= _LONGEST_STORED else f"{shown[:_LONGEST_STORED]}…"
    how = " as a preview of" if facts.stored.get("Software", "").endswith("preview") else " by"
    by = f"{how} {facts.stored['Model']}" if "Model" in facts.stored else ""
    return f' The file says that it was made{by} from the prompt "{shown}".'


def _detailed(facts: Measurement) -> str:
    size = f"{facts.width} x {facts.height} pixels, {facts.megapixels:.2f} megapixels"
    light, contrast = word(facts.brightness, _BRIGHTNESS), word(facts.contrast, _CONTRAST)
    color, sharp = word(facts.saturation, _SATURATION), word(facts.sharpness, _SHARPNESS)
    clear = ", with transparency" if facts.transparent else ""
    lines = [
        f"File: {facts.file}, {facts.format}, {facts.bytes:,} bytes{clear}",
        f"Size: {size}, {facts.aspect}, {facts.orientation}",
        f"Colours: {', '.join(f'{r.name} {r.share:.0%}' for r in facts.colors)}",
        f"Brightness: {facts.brightness:.0f} of 100, {light}",
        f"Contrast: {facts.contrast:.0f} of 100, {contrast}",
        f"Saturation: {facts.saturation:.0f} of 100, {color}; {_temperature(facts)}",
        f"Sharpness: {facts.sharpness:.0f} (variance of the Laplacian), {sharp}",
        f"Detail: {facts.detail:.0f} % of the pixels lie on an edge",
    ]
    if stored := _stored(facts):
        lines.append(f"Origin: {stored.strip()}")
    return "\n".join(f"- {line}" for line in lines)


def _temperature(facts: Measurement) -> str:
    if abs(facts.warmth) < 3:
        return "neither warm nor cold"
    return "warm" if facts.warmth > 0 else "cold"


def _classified(facts: Measurement) -> str:
    tags = {
        "orientation": facts.orientation,
        "aspect": facts.aspect,
        "light": word(facts.brightness, _BRIGHTNESS).removeprefix("of "),
        "colour": word(facts.saturation, _SATURATION),
        "temperature": _temperature(facts),
        "contrast": word(facts.contrast, _CONTRAST),
        "sharpness": word(facts.sharpness, _SHARPNESS),
        "texture": "plain" if facts.detail < 3 else "busy" if facts.detail > 20 else "moderate",
        "main colour": facts.colors[0].name if facts.colors else "none",
    }
    return "\n".join(f"{name}: {value}" for name, value in tags.items())


def _regions(facts: Measurement) -> str:
    lines = [
        f"{i}. {r.name}, {r.share:.0%} of the picture, {_where(r)}"
        for i, r in enumerate(facts.colors, start=1)
    ]
    return "\n".join(["Things cannot be named by measuring. Areas told apart by colour:", *lines])


def _where(region: Region) -> str:
    across = "left" if region.x < 0.4 else "right" if region.x > 0.6 else ""
    down = "upper" if region.y < 0.4 else "lower" if region.y > 0.6 else ""
    place = " ".join(part for part in (down, across) if part)
    if not place:
        return "around the middle"
    return f"mostly in the {place} part"


def _text_found(facts: Measurement) -> str:
    stored = {k: v for k, v in facts.stored.items() if k in ("Prompt", "Comment", "Title", "Description")}
    lines = [f"- {name}: {' '.join(text.split())[:_LONGEST_STORED]}" for name, text in stored.items()]
    found = ["Text stored in the file:", *lines] if lines else ["The file has no text stored in it."]
    dense = f"{facts.detail:.0f} % of the pixels lie on an edge, as those of letters and of fine patterns do."
    return "\n".join(["Letters on the picture cannot be read by measuring.", dense, *found])


def _composition(facts: Measurement) -> str:
    rows = [facts.thirds[i : i + 3] for i in (0, 3, 6)]
    grid = "\n".join("  ".join(f"{v:3.0f}" for v in row) for row in rows)
    left, right = sum(facts.thirds[0::3]), sum(facts.thirds[2::3])
    top, bottom = sum(facts.thirds[:3]), sum(facts.thirds[6:])
    sides = _heavier(left, right, "left", "right"), _heavier(top, bottom, "upper", "lower")
    return "\n".join([
        f"Format: {facts.aspect}, {facts.orientation}",
        f"Brightness by thirds, 0 to 100:\n{grid}",
        f"Left and right: {sides[0]}; above and below: {sides[1]}",
        f"Symmetry of left and right: {facts.symmetry:.0f} of 100",
        _main_colors(facts),
    ])  # fmt: skip


def _heavier(one: float, other: float, first: str, second: str) -> str:
    if abs(one - other) < 15:
        return "balanced"
    return f"the {first if one > other else second} third is brighter"


_STYLES: Final[Mapping[str, Callable[[Measurement], str]]] = {
    "describe": _short,
    "detailed": _detailed,
    "classify": _classified,
    "objects": _regions,
    "ocr": _text_found,
    "composition": _composition,
    "qa": _short,
}

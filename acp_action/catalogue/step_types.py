"""The step types: what each takes, what it makes, and the model it uses when none is named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from acp_action.artifacts import Kind


@dataclass(frozen=True, slots=True)
class StepType:
    """One kind of step.

    ``media``: the kind its media port takes, None when it takes none; a plural kind takes any number.
    ``media_needed``: whether every step needs it, or only one whose model does.
    ``media_param``: the parameter that may name a file or URL instead. ``text``: whether a text (the prompt)
    is needed, welcome, or meaningless; ``text_param``: the parameter that carries it.
    """

    name: str
    makes: Kind
    media: Kind | None = None
    media_param: str | None = None
    text: Literal["required", "optional", "none"] = "none"
    text_param: str = "prompt"
    default_model: str = "local"
    aliases: tuple[str, ...] = ()
    media_needed: Literal["always", "by_model"] = "always"


_TYPES = (
    StepType("text_to_image", "image", text="required", default_model="flux_dev"),
    StepType("image_to_image", "image", "image", "image", "optional", default_model="photon_flash"),
    StepType("image_to_video", "video", "image", "image", "optional", default_model="kling_2_6_pro"),
    StepType("text_to_video", "video", text="required", default_model="hailuo_pro"),
    StepType("text_to_speech", "audio", text="required", text_param="text", default_model="elevenlabs"),
    StepType(
        "analyze_image",
        "text",
        "images",
        "image",
        "optional",
        default_model="gemini_describe",
        aliases=("image_understanding",),
    ),
    StepType(
        "generate_prompt",
        "text",
        "image",
        "image",
        "optional",
        default_model="openrouter_video_prompt",
        aliases=("prompt_generation",),
        media_needed="by_model",
    ),
    StepType("split_image", "images", "image", "image"),
    StepType("concat_videos", "video", "videos", "videos"),
    StepType("upscale_image", "image", "image", "image", default_model="local"),
)

GROUP_TYPE: Final = "parallel_group"
STEP_TYPES: Final[dict[str, StepType]] = {t.name: t for t in _TYPES}
ALIASES: Final[dict[str, str]] = {alias: t.name for t in _TYPES for alias in t.aliases}


def canonical_type(name: str) -> str:
    """The step type an alias stands for, or the name itself.

    >>> canonical_type("image_understanding")
    'analyze_image'
    """
    return ALIASES.get(name, name)

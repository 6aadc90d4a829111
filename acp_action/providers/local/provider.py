"""The embedded provider: real files with no key and no network, for previews, tests and CI."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from acp_action.errors import FatalError
from acp_action.providers.local.behaviour import Behaviour
from acp_action.providers.local.sizes import video_seconds, video_size
from acp_action.providers.local.vocabulary import complaints
from acp_action.providers.local.work import Work
from acp_action.providers.params import values
from acp_action.providers.registry import LOCAL

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping
    from typing import Literal

    from acp_action.artifacts import JsonValue
    from acp_action.catalogue.models import Model
    from acp_action.providers.base import Complaint, Product, Request, Token

    Maker = Callable[[Request, Token], Product]

_PACKAGE: Final = "acp_action.providers.local"
_MAKERS: Final[Mapping[str, str]] = {
    "text_to_image": "picture:make_picture",
    "image_to_image": "edits:edit_picture",
    "image_to_video": "video:animate_picture",
    "text_to_video": "video:film_prompt",
    "text_to_speech": "speech:make_speech",
    "analyze_image": "analysis:analyze_pictures",
    "generate_prompt": "prompting:write_prompt",
    "split_image": "resample:split_picture",
    "concat_videos": "concat:concat_clips",
    "upscale_image": "resample:enlarge",
}
# Seconds on one core, measured with pictures of common sizes.
_EXPECTED: Final[Mapping[str, float]] = {
    "text_to_image": 0.1,
    "image_to_image": 0.1,
    "text_to_speech": 0.1,
    "analyze_image": 0.1,
    "generate_prompt": 0.1,
    "split_image": 0.1,
    "concat_videos": 3.0,
    "upscale_image": 0.4,
}
# Seconds for each second of film and million pixels of its frame.
_EXPECTED_FILM: Final = 0.35
# All that the length and the frame of a film depend on, but for the picture it starts from.
_FILM_PARAMS: Final = ("width", "height", "aspect_ratio", "resolution", "duration")

_import_lock = threading.Lock()
_makers: dict[str, Maker] = {}


class LocalProvider:
    """Makes every step type on this machine; stateless, and safe to call from many threads.

    ``speech``: ``tones`` for speech that is the same everywhere, ``auto`` for espeak-ng where it is
    installed.
    """

    name = LOCAL

    def __init__(self, *, speech: Literal["auto", "espeak-ng", "tones"] = "auto") -> None:
        self._speech = speech

    def check(
        self,
        step_type: str,
        model: Model,
        params: Mapping[str, JsonValue],
        *,
        preview: bool,  # noqa: ARG002 - the model's own parameters are known either way
    ) -> Iterable[Complaint]:
        """What is wrong with these parameters; values with templates in them are passed over."""
        return complaints(step_type, model, params)

    def expected_seconds(self, step_type: str, model: Model, params: Mapping[str, JsonValue]) -> float | None:
        """The ``delay`` that is asked for, else what such a step usually takes here."""
        delay = values.seconds(params.get("delay"))
        if delay:
            return delay
        if not step_type.endswith("_to_video"):
            return _EXPECTED.get(step_type)
        asked: list[Any] = [*map(params.get, _FILM_PARAMS)]
        if not {list, dict}.isdisjoint(map(type, asked)):
            return None  # the check says why
        return _film_seconds(model, *asked)

    def run(self, request: Request, token: Token) -> Product:
        """Make one attempt. Raises FatalError, or what ``token`` raises, or what its ``params`` ask for."""
        started, work = token.now(), Work(token)
        token.check()
        problems = [f"{c.what}; {c.mend}" for c in complaints(request.type, request.model, request.params)]
        if problems:
            # A template may bring in what no check of the file could see.
            raise FatalError("params: " + "; ".join(problems))
        behaviour = Behaviour.of(request.params)
        behaviour.interfere(request.attempt, started, token)
        product = self._make(request, work)
        behaviour.wait_out(started, token)
        return replace(product, awaited=work.on_purpose(at_least=behaviour.delay))

    def _make(self, request: Request, token: Token) -> Product:
        try:
            if request.type == "text_to_speech":
                from acp_action.providers.local.speech import make_speech

                return make_speech(request, token, self._speech)
            return _maker(request.type)(request, token)
        except OSError as error:
            # Nearly always a full disk; Pillow and the standard library leave it as it is.
            raise FatalError(f"cannot make the output: {error.strerror or error}") from error


# The steps of a file mostly ask for the same, and sizes are fractions, which are slow. Typed: true is not 1.
@lru_cache(maxsize=256, typed=True)
def _film_seconds(model: Model, *asked: Hashable) -> float | None:
    """What a film of such a size and length takes here; None for one that cannot be made."""
    params = dict(zip(_FILM_PARAMS, asked, strict=True))
    try:
        width, height = video_size(model, params, None)
    except FatalError:
        return None  # the check says why
    return _EXPECTED_FILM * video_seconds(model, params) * width * height / 1_000_000


def _maker(step_type: str) -> Maker:
    """What carries out a step type; its module, and Pillow or FFmpeg with it, is loaded on first use."""
    maker = _makers.get(step_type)
    if maker is None:
        module, _, function = _MAKERS[step_type].partition(":")
        # One thread at a time: the first imports of Pillow and PyAV set up state of their own.
        with _import_lock:
            maker = _makers[step_type] = getattr(import_module(f"{_PACKAGE}.{module}"), function)
    return maker

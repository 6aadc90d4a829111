"""Gemini: questions about images, and images from prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from acp_action.providers.calls import DirectCall
from acp_action.providers.gemini import messages
from acp_action.providers.gemini.files import upload
from acp_action.providers.gemini.questions import question
from acp_action.providers.params.vocabulary import nested

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from acp_action.artifacts import JsonValue
    from acp_action.catalogue.models import Model
    from acp_action.providers.base import Request, Token, Trail
    from acp_action.providers.media.inputs import MediaInput
    from acp_action.providers.params.resolve import Fields
    from acp_action.providers.wire.wire import Answer, Rules

INLINE_BYTES: Final = 15 * 1024 * 1024
"""How much of a request its pictures may take up as base64; a whole request was limited to 20 MB for long."""

_TAKEN: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"})


class GeminiProvider(DirectCall):
    """The Gemini API with a key of Google AI Studio. Limits are per model, and on the pace of requests."""

    name = "gemini"
    address = "https://generativelanguage.googleapis.com"
    probe_path = "/v1beta/models?pageSize=1"
    profile: ClassVar = "pace"
    model_ids = messages.MODEL_ID

    def lane(self, model: Model) -> str:
        """Every model has a limit of its own; one that the catalogue no longer has goes by its key."""
        return str(model.entry.get("provider_model", model.key))

    def authorization(self) -> Mapping[str, str]:
        """The key goes into a header, where no log of addresses has it."""
        return {"x-goog-api-key": self.account.key}

    def rules(self) -> Rules:
        """How Gemini's errors are read."""
        from acp_action.providers.gemini.rules import GeminiRules

        return GeminiRules(self.account)

    def untold_cost(self, request: Request, fields: Fields) -> float | None:
        """Answers tell tokens, no price: the catalogue's price of a request."""
        return self.cost(request, fields)

    def order(self, request: Request, fields: Fields, token: Token, trail: Trail) -> Answer:
        """Ask; pictures that are too large for the request are uploaded before."""
        model = self.model_id(request, fields)
        settings, pictures = nested(fields.values), self.pictures(request, token, _TAKEN)
        config = settings.get("generationConfig", {})
        if request.model.makes == "image":
            text, config = request.text or "", messages.drawing(config, settings.get("aspect_ratio"))
        else:
            text = question(request.model.task, request.text, len(pictures))
        parts = [{"text": text}, *self._parts(request.step, pictures, token)]
        return self.wire.order(
            messages.method(model), token, trail,
            what=f"asking {model}", cost=self.cost(request, fields), json=messages.body(parts, config),
        )  # fmt: skip

    def read(self, request: Request, answer: Answer, trail: Trail) -> dict[str, JsonValue] | None:  # noqa: ARG002
        """The text or the picture of an answer."""
        return messages.result_of(answer.tree, picture=request.model.makes == "image")

    def _parts(self, step: str, pictures: Sequence[MediaInput], token: Token) -> Iterator[dict[str, Any]]:
        room = INLINE_BYTES
        for number, item in enumerate(pictures, start=1):
            room -= (item.size + 2) // 3 * 4
            if room >= 0:
                yield messages.inline_part(item.mime, item.data_uri().partition(",")[2])
            else:
                yield messages.file_part(item.mime, upload(self.wire, item, f"{step} {number}", token))

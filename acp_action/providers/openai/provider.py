"""OpenAI: images from prompts, and images changed as a prompt says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from acp_action.providers.base import Complaint
from acp_action.providers.calls import DirectCall
from acp_action.providers.openai import messages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from acp_action.artifacts import JsonValue
    from acp_action.catalogue.models import Model
    from acp_action.providers.base import Request, Token, Trail
    from acp_action.providers.media.inputs import MediaInput
    from acp_action.providers.params.resolve import Fields
    from acp_action.providers.wire.wire import Answer, Part, Rules

_TAKEN: Final = frozenset({"image/png", "image/jpeg", "image/webp"})
_OURS: Final = ("model", "n")
_EXTENSIONS: Final = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


class OpenAIProvider(DirectCall):
    """OpenAI's image models. Limits are on the pace of requests, and told in the headers of answers."""

    name = "openai"
    address = "https://api.openai.com/v1"
    probe_path = "/models"
    profile: ClassVar = "pace"
    model_ids = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")

    def check(
        self, step_type: str, model: Model, params: Mapping[str, JsonValue], *, preview: bool
    ) -> Iterator[Complaint]:
        """As every adapter's; a background can only be clear in formats that know transparency."""
        yield from super().check(step_type, model, params, preview=preview)
        if params.get("background") == "transparent" and params.get("output_format") in ("jpeg", "jpg"):
            what = "background: transparent, but output_format jpeg knows no transparency"
            yield Complaint(what, "write output_format: png or webp", "background")

    def authorization(self) -> Mapping[str, str]:
        """The key."""
        return {"Authorization": f"Bearer {self.account.key}"}

    def rules(self) -> Rules:
        """How OpenAI's errors are read."""
        from acp_action.providers.openai.rules import OpenAIRules

        return OpenAIRules(self.account)

    def order(self, request: Request, fields: Fields, token: Token, trail: Trail) -> Answer:
        """Ask for one picture; with one to start from as a form."""
        model, prompt = self.model_id(request, fields), request.text or ""
        settings = {name: value for name, value in fields.values.items() if name not in _OURS}
        pictures = self.pictures(request, token, _TAKEN)
        body, cost, what = (
            messages.body(model, prompt, settings),
            self.cost(request, fields),
            f"asking {model}",
        )
        if not pictures:
            return self.wire.order(messages.GENERATIONS, token, trail, what=what, cost=cost, json=body)
        files = [_part(number, item, len(pictures)) for number, item in enumerate(pictures, start=1)]
        return self.wire.order(messages.EDITS, token, trail, what=what, cost=cost, fields=body, files=files)

    def read(self, request: Request, answer: Answer, trail: Trail) -> dict[str, JsonValue] | None:  # noqa: ARG002
        """The picture of an answer."""
        return messages.result_of(answer.tree)


def _part(number: int, item: MediaInput, count: int) -> Part:
    """A picture of a form; its name on this machine is none of the service's business."""
    from acp_action.providers.wire.wire import Part

    field = "image" if count == 1 else "image[]"
    return Part(field, f"image_{number}.{_EXTENSIONS[item.mime]}", item.content(), item.mime)

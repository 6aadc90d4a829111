"""OpenRouter: prompts for videos from images, and chat with any of its models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from acp_action.catalogue.prices import usd
from acp_action.errors import FatalError
from acp_action.providers.calls import DirectCall, check_format
from acp_action.providers.media.inputs import media_inputs
from acp_action.providers.openrouter import messages
from acp_action.providers.openrouter.prompts import instructions, wish
from acp_action.providers.reading import entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.artifacts import JsonValue
    from acp_action.catalogue.models import Model
    from acp_action.providers.base import Request, Token, Trail
    from acp_action.providers.params.resolve import Fields
    from acp_action.providers.wire.wire import Answer, Rules

_TAKEN: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
# Fields of ours: they become words, or stand elsewhere in the request.
_OURS: Final = ("model", "style", "length", "system")
# A request without a limit is weighed against the credit as if the longest of answers came of it.
_MOST_TOKENS: Final = 4000
_MOST_PICTURE: Final = 20 * 1024 * 1024


class OpenRouterProvider(DirectCall):
    """OpenRouter's chat completions. The limits of free models are on the pace, each model's its own."""

    name = "openrouter"
    address = "https://openrouter.ai/api/v1"
    probe_path = "/key"
    profile: ClassVar = "pace"
    model_ids = re.compile(r"~?[A-Za-z0-9_-]+/[A-Za-z0-9._:-]+")

    def lane(self, model: Model) -> str:
        """Models are served by different services behind it, each with limits of its own.

        One that the catalogue no longer has goes by its key.
        """
        return str(model.entry.get("provider_model", model.key))

    def authorization(self) -> Mapping[str, str]:
        """The key, and by what name we go."""
        return {"Authorization": f"Bearer {self.account.key}", **messages.HEADERS}

    def greeting(self, answer: Answer) -> str:
        """What is left of the key's own limit, if it has one."""
        left = entry(answer.tree, "data", "limit_remaining")
        return f"{usd(left)} left of the key's limit" if isinstance(left, (int, float)) else ""

    def rules(self) -> Rules:
        """How OpenRouter's errors are read."""
        from acp_action.providers.openrouter.rules import OpenRouterRules

        return OpenRouterRules(self.account)

    def order(self, request: Request, fields: Fields, token: Token, trail: Trail) -> Answer:
        """Ask for one answer."""
        model, said = self.model_id(request, fields), fields.values
        settings = {"max_tokens": _MOST_TOKENS} | {k: v for k, v in said.items() if k not in _OURS}
        if request.model.task == "chat":
            system, text = str(said.get("system", "")), request.text or ""
        else:
            style, length = (_chosen(request.model, said, name) for name in ("style", "length"))
            system, text = instructions(style, length), wish(request.text)
        body = messages.body(model, system, text, _addresses(request), settings)
        return self.wire.order(
            messages.PATH, token, trail, what=f"asking {model}", cost=self.cost(request, fields), json=body
        )

    def read(self, request: Request, answer: Answer, trail: Trail) -> dict[str, JsonValue] | None:  # noqa: ARG002
        """The text of an answer; an error within it is one as if it stood in the status."""
        from acp_action.providers.openrouter.rules import error_within

        told = answer.tree
        fault = messages.fault_of(told)
        if fault is None:
            return messages.result_of(told)
        if messages.cost_of(told):
            return {"failed": f"OpenRouter broke off after billing: {fault.message}"}
        trail.withdrawn(f"the answer was an error: {fault.message}")
        raise error_within(fault, answer, self.account)


def _chosen(model: Model, said: Mapping[str, Any], name: str) -> str:
    return str(said.get(name) or next(param.default for param in model.params if param.name == name))


def _addresses(request: Request) -> list[str]:
    """The pictures as addresses: their own, or themselves as text."""
    found = []
    for item in media_inputs(request):
        check_format(item, _TAKEN, "OpenRouter")
        if item.size > _MOST_PICTURE:
            size = f"{item.size / 1024**2:.0f} MiB"
            raise FatalError(f"a picture of {size} is too large for OpenRouter; make it smaller first")
        found.append(item.url or item.data_uri())
    return found

"""What the services with one call share: there is no job to come back to, the answer is the result.

A result on the trail has either what was asked for, or ``refused`` or ``failed``: why there is none although
the service has worked, and may have billed, for it. A later run that finds such a result says the same again
and pays for nothing. Media in an answer are not kept on the trail: they go to a file at once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from acp_action.errors import FatalError, PolicyRefusal
from acp_action.providers.base import Complaint, Product, Source
from acp_action.providers.media.inputs import media_inputs
from acp_action.providers.params import values
from acp_action.providers.params.resolve import resolve
from acp_action.providers.remote import Remote

if TYPE_CHECKING:
    import re
    from collections.abc import Collection, Iterator, Mapping

    from acp_action.artifacts import JsonValue
    from acp_action.catalogue.models import Model
    from acp_action.providers.base import ProductFile, Request, Token, Trail
    from acp_action.providers.media.inputs import MediaInput
    from acp_action.providers.params.resolve import Fields
    from acp_action.providers.remote import Result
    from acp_action.providers.wire.wire import Answer

MAY_BE_BILLED: Final = "the request may be billed"
MOST_PICTURE_BYTES: Final = 64 * 1024 * 1024
"""The largest picture that is taken out of an answer, decoded."""

_FACTS: Final = ("usage", "version", "provider", "revised_prompt")


class DirectCall(Remote):
    """An adapter whose orders are answered by JSON with the result in it.

    ``model_ids``: what names of models look like at the service; one may become part of an address.
    """

    model_ids: ClassVar[re.Pattern[str]]

    def check(
        self, step_type: str, model: Model, params: Mapping[str, JsonValue], *, preview: bool
    ) -> Iterator[Complaint]:
        """As every adapter's, and what the service's own addresses allow as a model's name."""
        yield from super().check(step_type, model, params, preview=preview)
        name = params.get("model")
        if isinstance(name, str) and not values.is_templated(name) and not self.is_model_id(name):
            what = f"model: {values.shown(name)} can be no model of this service"
            yield Complaint(what, f"write its id, such as {model.entry['provider_model']}", "model")

    def estimated_cost(
        self, step_type: str, model: Model, params: Mapping[str, JsonValue], text: str | None
    ) -> float | None:
        """As every adapter's; None for a model that is not the catalogue's."""
        if "model" in resolve(step_type, model, params).values:
            return None
        return super().estimated_cost(step_type, model, params, text)

    def cost(self, request: Request, fields: Fields) -> float | None:
        """As every adapter's; None for a model that is not the catalogue's."""
        return None if "model" in fields.values else super().cost(request, fields)

    def obtain(self, request: Request, fields: Fields, token: Token, trail: Trail) -> Product:
        """Order, and read the answer; a text, and what cannot be used, goes to the trail first."""
        from acp_action.providers.wire.wire import announced, unreadable

        answer = self.order(request, fields, token, trail)
        result = self.read(request, answer, trail)
        if result is None:
            raise unreadable(answer)
        if "encoded" not in result:
            trail.settled(result)
        try:
            product = self.product(request, fields, token, result)
        except FatalError as error:
            # What was paid for and cannot be used is no reason to pay for it again.
            if "failed" not in result:
                trail.settled({"failed": str(error)})
            raise
        return replace(product, announced=announced(answer.headers))

    def product(self, request: Request, fields: Fields, token: Token, result: Result) -> Product:
        """The text or the picture of a result. Raises PolicyRefusal or FatalError when it has none."""
        check_result(result)
        told = result.get("cost")
        notes = {"model": self.model_id(request, fields)} | {k: result[k] for k in _FACTS if k in result}
        seed = fields.values.get("seed", fields.values.get("generationConfig.seed"))
        facts: dict[str, Any] = {
            "cost": told if isinstance(told, float) else self.untold_cost(request, fields),
            "notes": notes,
            "seed": seed if isinstance(seed, int) else None,
        }
        if "text" in result:
            return Product("text", text=str(result["text"]), **facts)
        return Product("image", (self._picture(request, token, result),), **facts)

    def _picture(self, request: Request, token: Token, result: Result) -> ProductFile:
        from acp_action.providers.media.inline import decode_base64

        if "url" in result:
            return self.downloads.fetch(str(result["url"]), request.stage, token, kind="image")
        # Without the token: a stop that comes now shall not throw away what is paid for and here.
        return decode_base64(str(result["encoded"]), request.stage, kind="image", most=MOST_PICTURE_BYTES)

    # --- what each service says

    def order(self, request: Request, fields: Fields, token: Token, trail: Trail) -> Answer:
        """The one request that costs money."""
        raise NotImplementedError

    def read(self, request: Request, answer: Answer, trail: Trail) -> dict[str, JsonValue] | None:
        """What an answer holds; None when nobody can say."""
        raise NotImplementedError

    def untold_cost(self, request: Request, fields: Fields) -> float | None:  # noqa: ARG002
        """What a call cost whose answer does not tell; None when that is not known."""
        return None

    # --- what they stand on

    def is_model_id(self, name: str) -> bool:
        """Whether a name can be a model's at this service."""
        return self.model_ids.fullmatch(name) is not None

    def model_id(self, request: Request, fields: Fields) -> str:
        """What the service calls the model. Raises FatalError for a name that cannot be one."""
        name = str(fields.values.get("model") or request.model.entry["provider_model"])
        if not self.is_model_id(name):
            raise FatalError(f"params.model: {values.shown(name)} can be no model of this service")
        return name

    def pictures(self, request: Request, token: Token, taken: Collection[str]) -> list[MediaInput]:
        """The pictures of a request as files; those at an address are fetched, without the key.

        Raises FatalError for a format that is not among ``taken``, the media types that the service takes.
        """
        found = [self._as_file(request, token, item) for item in media_inputs(request)]
        for item in found:
            check_format(item, taken, self.name)
        return found

    def _as_file(self, request: Request, token: Token, item: MediaInput) -> MediaInput:
        if item.url is None:
            return item
        file = self.downloads.fetch(item.url, request.stage, token, kind="image")
        (found,) = media_inputs(request._replace(media=(Source("image", path=file.path),)))
        return found


def check_result(result: Mapping[str, JsonValue]) -> None:
    """Raise what a result without a product says: PolicyRefusal or FatalError."""
    if "refused" in result:
        raise PolicyRefusal(str(result["refused"]))
    if "failed" in result:
        raise FatalError(str(result["failed"]))


def check_format(item: MediaInput, taken: Collection[str], service: str) -> None:
    """Raise FatalError for a file in a format that a service does not take."""
    if item.path is not None and item.mime not in taken:
        formats = ", ".join(sorted(t.removeprefix("image/").upper() for t in taken))
        raise FatalError(f"{item.path.name} is {item.mime}; {service} takes {formats}: convert it first")

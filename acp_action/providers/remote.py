"""What all adapters of services share: checks before money, inputs, the order of work, and products."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

from acp_action.artifacts import SINGULAR
from acp_action.catalogue import prices
from acp_action.errors import FatalError
from acp_action.providers.base import LooseTrail, Product
from acp_action.providers.params import values
from acp_action.providers.params.resolve import SHOTS, resolve, settled_fields, text_complaints
from acp_action.providers.params.shape import shaped_like_input
from acp_action.providers.params.vocabulary import vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acp_action.artifacts import JsonValue
    from acp_action.catalogue.models import Model
    from acp_action.providers.account import Account
    from acp_action.providers.base import Complaint, ProductFile, Request, Token, Trail
    from acp_action.providers.media.download import Downloads
    from acp_action.providers.params.resolve import Fields
    from acp_action.providers.wire.wire import Answer, Rules, Wire

    Result = Mapping[str, JsonValue]


class Probe(NamedTuple):
    """What a service answered to a question that costs nothing.

    ``said``: of the account, in few words. ``date``: the answer's header of that name, empty without one.
    """

    said: str = ""
    date: str = ""


class Remote:
    """An adapter of one service; subclasses say how it is asked (``obtain``) and answers (``product``).

    Stateless between calls but for pooled connections and what was learnt about durations; safe to call from
    many threads. ``profile``: what the service limits, requests in flight or their pace. ``address``: the
    base URL where the account names none. ``probe_path``: what can be asked for nothing, and with the right
    key only.
    """

    name: str
    address: ClassVar[str]
    probe_path: ClassVar[str]
    profile: ClassVar[Literal["concurrency", "pace"]] = "pace"

    def __init__(
        self, account: Account, *, wire: Wire | None = None, downloads: Downloads | None = None
    ) -> None:
        """``wire`` and ``downloads`` are made on first use when they are not handed in."""
        self.account = account
        self._wire = wire
        self._downloads = downloads
        self._making = threading.Lock()

    def close(self) -> None:
        """Close the connections that are kept open; the adapter can be used on."""
        for way in (self._wire, self._downloads):
            if way is not None:
                way.close()

    # --- before anything runs

    def check(
        self,
        step_type: str,
        model: Model,
        params: Mapping[str, JsonValue],
        *,
        preview: bool,  # noqa: ARG002 - what stands in for others is the embedded provider alone
    ) -> Iterable[Complaint]:
        """What is wrong with these parameters; values with templates in them are passed over."""
        return resolve(step_type, model, params).problems

    def expected_seconds(
        self,
        step_type: str,  # noqa: ARG002 - the model is one for this type
        model: Model,
        params: Mapping[str, JsonValue],
    ) -> float | None:
        """What the catalogue says of a default job, longer as the film is longer; None for no word of it."""
        if model.expected_seconds is None:
            return None
        usual = next((values.seconds(p.default) for p in model.params if p.name == "duration"), None)
        asked = values.seconds(params.get("duration"))
        return model.expected_seconds * (asked / usual if asked and usual else 1.0)

    def estimated_cost(
        self, step_type: str, model: Model, params: Mapping[str, JsonValue], text: str | None
    ) -> float | None:
        """What a step costs at most in USD, None when that is not known; templates count as not set."""
        return prices.estimate(model, resolve(step_type, model, params).values, text)

    def probe(self, token: Token) -> Probe:
        """Ask whether the key is taken, which costs nothing. Raises a ProviderError when it is not."""
        # Not ``get``, which would ask again and again where the service is down or its address is wrong.
        answer = self.wire.call("GET", self.probe_path, token, what="asking whether the key is taken")
        return Probe(self.greeting(answer), answer.headers.get("date", ""))

    def greeting(self, answer: Answer) -> str:  # noqa: ARG002 - most have nothing worth telling
        """What an answer to ``probe`` tells of the account, in few words."""
        return ""

    def lane(self, model: Model) -> str:  # noqa: ARG002 - for services that limit each model by itself
        """Which of the service's limits a model falls under; empty where one holds for all."""
        return ""

    # --- the way of an attempt

    def run(self, request: Request, token: Token) -> Product:
        """Make one attempt. Raises a ProviderError, or what ``token`` raises.

        What an earlier attempt or an earlier run ordered is taken up where it was left.
        """
        token.check()
        trail = request.trail or LooseTrail()
        fields = self.fields(request)
        known = trail.result
        if known is not None:
            request.tell("taken_up")
        made = self.obtain(request, fields, token, trail) if known is None else known
        product = made if isinstance(made, Product) else self.product(request, fields, token, made)
        return self._noted(request, fields, product)

    def obtain(self, request: Request, fields: Fields, token: Token, trail: Trail) -> Result | Product:
        """Order, and wait for the answer; what it holds goes to ``trail.settled`` before it is returned.

        A service whose answer is the media itself writes it to ``request.stage`` and returns the product.
        """
        raise NotImplementedError

    def product(self, request: Request, fields: Fields, token: Token, result: Result) -> Product:
        """Fetch or decode what the answer tells of; may be done again by a later run."""
        raise NotImplementedError

    # --- what subclasses stand on

    @property
    def base(self) -> str:
        """The address that the service is asked at, without a slash at its end."""
        return self.account.urls.get("api", self.address).rstrip("/")

    @property
    def wire(self) -> Wire:
        """The way to the service, with the key; connections are pooled for all threads."""
        with self._making:
            if self._wire is None:
                from acp_action.providers.wire.wire import Wire

                self._wire = Wire(self.account, self.base, auth=self.authorization(), rules=self.rules())
            return self._wire

    @property
    def downloads(self) -> Downloads:
        """The way to media, without the key."""
        with self._making:
            if self._downloads is None:
                from acp_action.providers.media.download import Downloads

                self._downloads = Downloads(self.account)
            return self._downloads

    def authorization(self) -> Mapping[str, str]:
        """The headers that carry the key."""
        raise NotImplementedError

    def rules(self) -> Rules:
        """How this service's errors are read."""
        raise NotImplementedError

    def fields(self, request: Request) -> Fields:
        """The request's fields, checked again now that templates are filled in. Raises FatalError."""
        fields = settled_fields(request.type, request.model, request.params)
        known = vocabulary(request.type, request.model)
        text = request.text
        if text is not None:
            told = "; ".join(f"{c.what}; {c.mend}" for c in text_complaints(request.model, text, "text"))
            if told:
                raise FatalError(f"params: {told}")
        if text is None and known.text is not None and known.text.required:
            name = known.text.name
            raise FatalError(f"{request.model.key} needs a {name}: give params.{name}, or the run's input")
        if known.port is not None and known.port.required and not request.media:
            raise FatalError(f"{request.model.key} needs {known.port.kind} media; use input_from")
        return shaped_like_input(request, fields)

    def text_fields(self, request: Request, fields: Fields) -> dict[str, JsonValue]:
        """The text, in the model's field for it; left out where ``multi_prompt`` tells it shot by shot."""
        text = vocabulary(request.type, request.model).text
        if text is None or request.text is None or SHOTS in fields.values:
            return {}
        return {text.name: request.text}

    def cost(self, request: Request, fields: Fields) -> float | None:
        """What this request costs at most, None when that is not known."""
        return prices.estimate(request.model, fields.values, request.text)

    def _noted(self, request: Request, fields: Fields, product: Product) -> Product:
        """The product with what every manifest tells of a service's work."""
        notes: dict[str, JsonValue] = {
            "provider": self.name,
            "endpoint": request.model.entry.get("endpoint", ""),
        }
        return replace(
            product, notes={**notes, **product.notes}, params=product.params or dict(fields.values)
        )


def one_of_each(files: tuple[ProductFile, ...], request: Request, **facts: Any) -> Product:
    """The product of a step from the files it was given. Raises FatalError when there is none."""
    if not files:
        raise FatalError(f"{request.model.key} answered without any {SINGULAR[request.model.makes]}")
    return Product(request.model.makes, files, **facts)

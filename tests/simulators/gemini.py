"""The Gemini API, simulated: generateContent and its stream, the Files API, refusals inside 200, quotas."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from tests.simulators import gemini_files as files
from tests.simulators import gemini_shapes as shapes
from tests.simulators.answers import BadInputError, Question, answer_to, tokens_of
from tests.simulators.core import route
from tests.simulators.direct import DirectSimulator
from tests.simulators.gemini_faults import FAULTS
from tests.simulators.media import sample
from tests.simulators.wire import Call, Reply, in_pieces, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.simulators.limits import Limit, Refusal

_VERSION = r"/v1(?:beta)?"
_MODEL = _VERSION + r"/models/([\w.-]+)"
# USD an answer, as flat as the catalogue has it.
_TEXT_PRICE = 0.001
_PICTURE_PRICE = 0.039
_NO_FILE = "You do not have permission to access the File {} or it may not exist."


class GeminiSimulator(DirectSimulator):
    """``per_model``: makes the limits of one model. ``processing``: seconds until a video is ready.

    ``say``: what makes the answers. Waits are told in the body only: the API sends no Retry-After.
    """

    provider = "gemini"
    key = "AIza-test-only-key"
    ROUTES = (
        route("order", "POST", _MODEL + ":generateContent", "generate"),
        route("order", "POST", _MODEL + ":streamGenerateContent", "stream"),
        route("count", "POST", _MODEL + ":countTokens", "count"),
        route("models", "GET", _VERSION + "/models", "models"),
        route("models", "GET", _MODEL, "model"),
        route("upload", "POST", r"/upload" + _VERSION + "/files", "upload"),
        route("files", "GET", _VERSION + "/files", "list_files"),
        route("status", "GET", _VERSION + r"/files/([\w-]+)", "file"),
        route("delete", "DELETE", _VERSION + r"/files/([\w-]+)", "delete"),
    )
    FAULTS: ClassVar = FAULTS

    def __init__(
        self,
        *,
        per_model: Callable[[], Sequence[Limit]] | None = None,
        processing: float = 2.0,
        say: Callable[[Question], str] = answer_to,
        told: str = "body",
        **options: Any,
    ) -> None:
        super().__init__(told=told, **options)
        self.processing = processing
        self._say = say
        self._per_model = per_model
        self._of_model: dict[str, Sequence[Limit]] = {}
        self._files: dict[str, files.Upload] = {}
        # The model of the latest order, and its quota: what a refusal names.
        self._asked_for = (shapes.MODELS[0], 10)

    def environment(self) -> dict[str, str]:
        return {"ACP_GEMINI_BASE_URL": self.url, "GEMINI_API_KEY": self.key}

    # What the core asks.

    def authorised(self, call: Call) -> bool:
        """By header or query; the bytes of an upload go to an address that is its own permission."""
        given = call.headers.get("x-goog-api-key") or call.query.get("key")
        return given == self.key or "upload_id" in call.query

    def limits_of(self, call: Call) -> Sequence[Limit]:
        """Those of the project, then the model's own."""
        model = _model_in(call.path)
        if self._per_model and model not in self._of_model:
            self._of_model[model] = self._per_model()
        limits = [*self.limits, *self._of_model.get(model, ())]
        self._asked_for = model, limits[-1].size if limits else 10
        return limits

    def order_text(self, call: Call) -> str:
        return shapes.asked_in(shapes.camel(call.json())).text if call.kind != "upload" else ""

    def price_of(self, call: Call) -> float:
        return _PICTURE_PRICE if "image" in _model_in(call.path) else _TEXT_PRICE

    def error(self, status: int, message: str, kind: str = "") -> Reply:
        if kind == "unauthorized":
            return json_reply(400, shapes.bad_key())
        return json_reply(status, shapes.failure(status, message))

    def invalid(self, field: str, message: str) -> Reply:
        return self.error(400, f"Invalid value at '{field}': {message}")

    def broke(self) -> Reply:
        return self.error(
            429, "Your prepayment credits are depleted. Please go to AI Studio to manage billing."
        )

    def busy(self) -> Reply:
        return self.error(503, "The model is overloaded. Please try again later.")

    def throttled(self, refusal: Refusal, told: str | None = None) -> Reply:
        """A quota by the minute or by the day, with the wait in a detail."""
        in_body = (told or self.told) in ("body", "both")
        said = shapes.over_quota(refusal, *self._asked_for, told=in_body)
        return json_reply(429, said, self.wait_header(refusal, told))

    def one_spelling(self, content: Any) -> Any:
        """camelCase, and base64 in the alphabet that has + and /."""
        return shapes.plain_base64(shapes.camel(content))

    # Answers.

    def generate(self, call: Call, model: str) -> Reply:
        """The whole answer at once."""
        content = self._content(call, model)
        if isinstance(content, Reply):
            return content
        return replace(json_reply(200, content), delay=self._seconds(call, model))

    def stream(self, call: Call, model: str) -> Reply:
        """The answer in pieces; without ``alt=sse`` a JSON list of them."""
        content = self._content(call, model)
        if isinstance(content, Reply):
            return content
        delay = self._seconds(call, model)
        if call.query.get("alt") != "sse":
            return replace(json_reply(200, [content]), delay=delay)
        return in_pieces(shapes.streamed(content, delay), {"Content-Type": "text/event-stream"})

    def _seconds(self, call: Call, model: str) -> float:
        return self.seconds(model, call.text, expected=4.0)

    def _content(self, call: Call, model: str) -> dict[str, Any] | Reply:
        """The answer, billed; or why there is none."""
        try:
            body = shapes.camel(call.json())
            asked = shapes.asked_in(body, self._ready)
        except BadInputError as error:
            return self.error(400, str(error))
        except ValueError:
            return self.error(400, "Invalid JSON payload received.")
        if not _served(model):
            return self.error(404, f"models/{model} is not found, or is not supported for generateContent.")
        config = body.get("generationConfig") or {}
        if "IMAGE" in (config.get("responseModalities") or ()):
            return self._picture(model, asked, config, body)
        return self._text(model, asked, config, body)

    def _picture(
        self, model: str, asked: Question, config: Mapping[str, Any], body: Any
    ) -> dict[str, Any] | Reply:
        shape = (config.get("imageConfig") or {}).get("aspectRatio", "1:1")
        if "image" not in model:
            return self.error(
                400, "The requested combination of response modalities is not supported by the model."
            )
        if shape not in shapes.SIZES:
            return self.invalid("generation_config.image_config.aspect_ratio", f'"{shape}"')
        part = shapes.picture_part(sample("png", asked.text, shapes.SIZES[shape]))
        return self._billed(model, asked, [part], ("STOP", 1290, _PICTURE_PRICE), body)

    def _text(self, model: str, asked: Question, config: Mapping[str, Any], body: Any) -> dict[str, Any]:
        text, reason = self._say(asked), "STOP"
        most = config.get("maxOutputTokens")
        if most and tokens_of(text) > most:
            text, reason = text[: most * 4], "MAX_TOKENS"
        return self._billed(model, asked, [{"text": text}], (reason, tokens_of(text), _TEXT_PRICE), body)

    def _billed(
        self, model: str, asked: Question, parts: list[dict[str, Any]], end: tuple[str, int, float], body: Any
    ) -> dict[str, Any]:
        reason, tokens, price = end
        name = self.new_id("gem-")
        self.bill(name, model, asked.text, price, body)
        return shapes.answered(name, model, parts, reason, shapes.usage_of(asked, tokens))

    def count(self, call: Call, model: str) -> Reply:
        """How many tokens a request is; free."""
        asked = shapes.asked_in(shapes.camel(call.json()))
        return json_reply(200, {"totalTokens": asked.tokens})

    def models(self, call: Call) -> Reply:
        """All models, on one page."""
        return json_reply(200, {"models": [shapes.model_facts(name) for name in shapes.MODELS]})

    def model(self, call: Call, name: str) -> Reply:
        """One model."""
        if not _served(name):
            return self.error(404, f"Model is not found: models/{name}")
        return json_reply(200, shapes.model_facts(name))

    # Files.

    def upload(self, call: Call) -> Reply:
        """Start of an upload, or a piece of one."""
        commands = {word.strip() for word in call.headers.get("x-goog-upload-command", "").split(",")}
        if "start" in commands:
            return self._begin(call)
        item = self._files.get(call.query.get("upload_id", ""))
        if item is None or "upload" not in commands:
            return self.error(400, "Not a known upload, or no command.")
        final = "finalize" in commands
        offset = int(call.headers.get("x-goog-upload-offset") or 0)
        if wrong := item.receive(offset, call.body, final=final):
            return self.error(400, wrong)
        if not final:
            return Reply(200, headers={"X-Goog-Upload-Status": "active"})
        item.ended = self.now()
        return json_reply(200, {"file": self._facts(item)}, {"X-Goog-Upload-Status": "final"})

    def _begin(self, call: Call) -> Reply:
        item = files.announced(call.headers, shapes.camel(call.json()), self.new_id())
        self._files[item.id] = item
        onward = f"{self.url}{call.path}?upload_id={item.id}&upload_protocol=resumable"
        return Reply(200, headers={"X-Goog-Upload-Status": "active", "X-Goog-Upload-URL": onward})

    def _facts(self, item: files.Upload) -> dict[str, Any]:
        return item.facts(self.url, item.state(self.now(), self.processing / self.speed))

    def _there(self, name: str) -> files.Upload | None:
        item = self._files.get(name)
        expired = item is not None and item.ended is not None and self.now() > item.ended + files.KEEP
        return None if item is None or item.ended is None or expired else item

    def _ready(self, uri: str) -> bool:
        """Whether an uploaded file is a picture; raises BadInputError when it cannot be used."""
        item = self._there(uri.rpartition("/")[2])
        if item is None:
            raise BadInputError(
                f"You do not have permission to access the File {uri} or it may not exist.", "file_uri"
            )
        if item.state(self.now(), self.processing / self.speed) != "ACTIVE":
            raise BadInputError(
                f"The File {item.id} is not in an ACTIVE state and usage is not allowed.", "file_uri"
            )
        return item.type.startswith("image/")

    def file(self, call: Call, name: str) -> Reply:
        """One file and its state."""
        if (item := self._there(name)) is None:
            return self.error(
                403, f"You do not have permission to access the File {name} or it may not exist."
            )
        return json_reply(200, self._facts(item))

    def list_files(self, call: Call) -> Reply:
        """All files, on one page."""
        found = [self._facts(item) for name, item in self._files.items() if self._there(name)]
        return json_reply(200, {"files": found})

    def delete(self, call: Call, name: str) -> Reply:
        """A file is forgotten."""
        if self._there(name) is None:
            return self.error(
                403, f"You do not have permission to access the File {name} or it may not exist."
            )
        del self._files[name]
        return json_reply(200, {})


def _model_in(path: str) -> str:
    found = re.search(r"/models/([\w.-]+)", path)
    return found[1] if found else ""


def _served(model: str) -> bool:
    """Those that are listed, and later ones of their families."""
    return model not in shapes.RETIRED and re.match(r"gemini-(2\.[5-9]|[3-9])", model) is not None

"""ElevenLabs: speech from texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from acp_action.errors import FatalError, UnknownOutcome
from acp_action.providers.base import Complaint, Product, RemoteJob
from acp_action.providers.elevenlabs import messages
from acp_action.providers.elevenlabs.voices import SEARCH, found_voice, known_voice
from acp_action.providers.media.inputs import media_type
from acp_action.providers.params.vocabulary import nested
from acp_action.providers.reading import entry
from acp_action.providers.remote import Remote
from acp_action.providers.wire.answer import excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from acp_action.artifacts import JsonValue
    from acp_action.catalogue.models import Model
    from acp_action.providers.account import Account
    from acp_action.providers.base import Request, Token, Trail
    from acp_action.providers.media.download import Downloads
    from acp_action.providers.params.resolve import Fields
    from acp_action.providers.remote import Result
    from acp_action.providers.wire.wire import Answer, Rules, Wire

MOST_BYTES: Final = 256 * 1024 * 1024
"""The largest sound that is taken: more than half an hour of bare samples."""

_FORMAT: Final = "mp3_44100_128"
_HEAD: Final = 1000
# The most voices that one answer lists.
_VOICES: Final = 100
# Fields that do not go into the body.
_OURS: Final = ("voice", "voice_id", "output_format")


class ElevenLabsProvider(Remote):
    """ElevenLabs' text to speech. Its limit is on requests in flight, and told in the headers of answers.

    The sound comes in the answer to the order. It is kept in the account's history too, under an id that the
    answer's headers tell: sound that breaks off in the middle is fetched from there, and not ordered again.
    """

    name = "elevenlabs"
    address = "https://api.elevenlabs.io"
    probe_path = "/v1/user/subscription"
    profile: ClassVar = "concurrency"

    def __init__(
        self, account: Account, *, wire: Wire | None = None, downloads: Downloads | None = None
    ) -> None:
        super().__init__(account, wire=wire, downloads=downloads)
        # Names of voices that were looked for; two threads may both look, and find the same.
        self._voices: dict[str, str] = {}

    def check(
        self, step_type: str, model: Model, params: Mapping[str, JsonValue], *, preview: bool
    ) -> Iterator[Complaint]:
        """As every adapter's; a voice is named in one way."""
        yield from super().check(step_type, model, params, preview=preview)
        if "voice" in params and "voice_id" in params:
            yield Complaint("voice and voice_id say the same thing twice", "keep one of them", "voice")

    def authorization(self) -> Mapping[str, str]:
        """The key."""
        return {"xi-api-key": self.account.key}

    def greeting(self, answer: Answer) -> str:
        """How much of the month's characters is used."""
        told = answer.tree
        used, most = entry(told, "character_count"), entry(told, "character_limit")
        if not isinstance(used, int) or not isinstance(most, int):
            return ""
        return f"{used:,} of {most:,} characters used"

    def rules(self) -> Rules:
        """How ElevenLabs' errors are read."""
        from acp_action.providers.elevenlabs.rules import ElevenLabsRules

        return ElevenLabsRules(self.account)

    def obtain(self, request: Request, fields: Fields, token: Token, trail: Trail) -> Product:
        """Order the sound, or fetch what an earlier attempt has ordered."""
        output = str(fields.values.get("output_format", _FORMAT))
        into = request.stage(messages.extension(output))
        if trail.job is not None:
            answer = self._fetched(trail.job.id, token, into)
            return self._spoken(request, fields, token, into, messages.heard(answer.headers), answer)
        voice = self._voice(str(fields.values.get("voice") or fields.values["voice_id"]), token)
        heard: list[messages.Heard] = []

        def on_headers(answer: Answer) -> None:
            heard.append(messages.heard(answer.headers))
            if heard[0].item is not None:
                trail.accepted(RemoteJob(heard[0].item, begun=True))

        settings = nested({k: v for k, v in fields.values.items() if k not in _OURS})
        model = str(request.model.entry["provider_model"])
        try:
            answer = self.wire.receive(
                messages.path(voice), token, trail, into,
                what="ordering speech", cost=self.cost(request, fields), params={"output_format": output},
                json=messages.body(request.text or "", model, settings),
                most=MOST_BYTES, on_headers=on_headers,
            )  # fmt: skip
            return self._spoken(request, fields, token, into, heard[0], answer)
        except UnknownOutcome:
            if not heard or heard[0].item is None:
                raise
            answer = self._fetched(heard[0].item, token, into)
        return self._spoken(request, fields, token, into, heard[0], answer)

    def product(self, request: Request, fields: Fields, token: Token, result: Result) -> Product:
        """Nothing is settled without its file, so that there is nothing to make a product of."""
        raise NotImplementedError

    def _fetched(self, item: str, token: Token, into: Path) -> Answer:
        """Write the sound that the account's history has. Raises UnknownOutcome when it is not there."""
        try:
            answer = self.wire.get(messages.history_path(item), token, what="fetching speech made before")
        except FatalError as error:
            what = (
                f"elevenlabs: the sound {item} was ordered and is billed, but is not in the account's history"
            )
            raise UnknownOutcome(f"{what}: {error}; a later run looks there again") from error
        into.write_bytes(answer.body)
        return answer

    def _spoken(
        self,
        request: Request,
        fields: Fields,
        token: Token,
        path: Path,
        heard: messages.Heard,
        answer: Answer,
    ) -> Product:
        """The product of what was received. Raises UnknownOutcome for what is no sound: it was paid for."""
        from acp_action.providers.media.verify import kept

        form = answer.headers.get("content-type", "")
        if not form.startswith(("audio/", "application/octet-stream")):
            begins = excerpt(path.read_bytes()[:_HEAD].decode("utf-8", "replace"))
            what = f"the answer is {form or 'of no type'} instead of sound: {begins}"
            raise UnknownOutcome(f"elevenlabs: {what}; it may be billed")
        make_playable(path, str(fields.values.get("output_format", _FORMAT)))
        try:
            file = kept(path, request.stage, token, kind="audio")
        except FatalError as error:
            raise UnknownOutcome(f"elevenlabs: {error}; it may be billed") from error
        seed = fields.values.get("seed")
        price, characters = request.model.price, heard.characters
        cost = None if price is None or characters is None else price * characters
        facts = {"model": request.model.entry["provider_model"]}
        return Product("audio", (file,), cost=cost, seed=seed if isinstance(seed, int) else None,
                       notes=facts, announced=heard.announced)  # fmt: skip

    def _voice(self, name: str, token: Token) -> str:
        """The id of a voice; one that is not known is looked for, before anything is ordered."""
        found = known_voice(name) or self._voices.get(name)
        if found is None:
            asked = {"search": name, "page_size": _VOICES}
            answer = self.wire.get(SEARCH, token, what="looking for a voice", params=asked)
            found = self._voices[name] = found_voice(name, answer.tree)
        return found


def make_playable(path: Path, output_format: str) -> None:
    """Give bare samples the head of a WAV file; a file that has a head of some format stays as it is."""
    with path.open("rb") as file:
        begin = file.read(16)
        size = file.seek(0, 2)
    head = messages.wav_header(output_format, size)
    if head and media_type(begin) == "application/octet-stream":
        path.write_bytes(head + path.read_bytes())

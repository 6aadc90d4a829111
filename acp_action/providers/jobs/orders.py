"""What orders of jobs are made of, and what is known of a job's addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from acp_action.errors import FatalError
from acp_action.providers.media.inputs import media_inputs
from acp_action.providers.params.vocabulary import nested, vocabulary
from acp_action.providers.remote import Remote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.errors import ProviderError
    from acp_action.providers.base import RemoteJob, Request, Token
    from acp_action.providers.media.inputs import MediaInput
    from acp_action.providers.params.resolve import Fields
    from acp_action.providers.wire.wire import Answer


class JobOrders(Remote):
    """An adapter of a service with jobs, as far as its orders and their addresses go."""

    def reachable(self, item: MediaInput, token: Token) -> str:
        """Where the service can read a medium: its address, the file in a text, or an upload's address."""
        raise NotImplementedError

    def body(self, request: Request, fields: Fields, token: Token) -> dict[str, Any]:
        """The model's input as the service takes it; files are uploaded where they are too large for it."""
        port = vocabulary(request.type, request.model).port
        body: dict[str, Any] = self.text_fields(request, fields)
        media = [self.reachable(item, token) for item in media_inputs(request)]
        if port is not None and media:
            body[port.name] = media if port.type.startswith("list") else media[0]
        return {**body, **nested(fields.values)}

    def own_addresses(self, built: Mapping[str, str], told: Mapping[str, Any]) -> dict[str, str]:
        """Of each role the address that the service told, if it is at the account's own host; else ours.

        The key is sent to the account's hosts alone, whatever addresses are told.
        """
        base = _origin(next(iter(built.values())))
        fitting = {role: str(told.get(role)) for role in built}
        return {role: fitting[role] if _origin(fitting[role]) == base else built[role] for role in built}

    def url(self, job: RemoteJob, role: str) -> str:
        """The job's address for this. Raises FatalError for a job that was written down without it."""
        try:
            return job.urls[role]
        except KeyError as error:
            raise FatalError(
                f"{self.name}: job {job.id} was written down without its {role} address"
            ) from error

    def told_by_table(self, answer: Answer) -> ProviderError:
        """The error that an answer about a job means which is not the job's own."""
        from acp_action.providers.wire.faults import error_of

        return error_of(answer, "the job", self.account, self.rules(), paid=False, now=0.0)


def _origin(url: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.scheme, parts.netloc

"""Calls of openrouter, run in the environment of `make sdk-clients`: drive_openrouter.py CALL URLS KEY.

The last line printed is what the caller of the client got, as JSON. OpenRouter has no uploads, polls or
cancels for chats: a picture goes along as data, and a stream is cancelled by leaving it.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

from openrouter import OpenRouter
from openrouter.errors import OpenRouterError

CALL, URLS, KEY = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3]
CLIENT = OpenRouter(api_key=KEY, server_url=URLS["api"] + "/api/v1")
MODEL = "google/gemini-2.5-flash-lite"
PICTURE = base64.b64encode(Path(__file__).with_name("picture.png").read_bytes()).decode()


def _ask(*content: Any, **settings: Any) -> Any:
    user = {"role": "user", "content": content[0] if len(content) == 1 else list(content)}
    return CLIENT.chat.send(model=MODEL, messages=[*settings.pop("before", ()), user], **settings)


def generation() -> Any:
    """A chat about a picture."""
    system = {"role": "system", "content": "Write one video prompt."}
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PICTURE}"}}
    text = {"type": "text", "text": "slow dolly in"}
    answer = _ask(text, image, before=[system], temperature=0.1, max_tokens=400, seed=3)
    return {
        "text": answer.choices[0].message.content,
        "reason": answer.choices[0].finish_reason,
        "cost": answer.usage.cost,
    }


def chat() -> Any:
    """A chat in words."""
    return {"text": _ask("What is a dolly?", max_tokens=4000).choices[0].message.content}


def structured() -> Any:
    """JSON that fits a schema."""
    schema = {"type": "object", "properties": {"prompt": {"type": "string"}}, "required": ["prompt"]}
    form = {"type": "json_schema", "json_schema": {"name": "out", "strict": True, "schema": schema}}
    return json.loads(_ask("slow dolly in", response_format=form).choices[0].message.content)


def stream() -> Any:
    """The answer in pieces, the last of which has the cost."""
    with _ask("Tell me a story.", stream=True) as pieces:
        got = list(pieces)
    text = "".join(piece.choices[0].delta.content or "" for piece in got)
    return {"text": text, "reason": got[-1].choices[0].finish_reason, "cost": got[-1].usage.cost}


def cancel() -> Any:
    """A stream that is left in the middle."""
    with _ask("Tell me a story.", stream=True) as pieces:
        return {"text": next(iter(pieces)).choices[0].delta.content}


def reads() -> Any:
    """What a key can be asked for nothing; and what an answer cost in the end."""
    answer = _ask("What is a dolly?")
    return {
        "models": len(CLIENT.models.list().result.data),
        "label": CLIENT.api_keys.get_current_key_metadata().data.label,
        "used": CLIENT.credits.get_credits().data.total_usage,
        "cost": CLIENT.generations.get_generation(id=answer.id).data.total_cost,
    }


def refused() -> Any:
    """What the client makes of an error, whichever it is."""
    try:
        _ask("something")
    except OpenRouterError as error:
        return {"kind": type(error).__name__, "status": error.status_code, "body": json.loads(error.body)}
    return None


def broken_stream() -> Any:
    """What the client makes of an error within a stream."""
    with _ask("Tell me a story.", stream=True) as pieces:
        last = list(pieces)[-1]
    return {"code": last.error.code, "reason": last.choices[0].finish_reason}


print(json.dumps(globals()[CALL](), default=str))

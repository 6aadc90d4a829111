"""``analyze_image``: what can be measured of pictures, as text or, where the request wants it, as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from acp_action.providers.local.measure import measure
from acp_action.providers.local.product import finished, media_paths
from acp_action.providers.local.wording import HONEST, describe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acp_action.artifacts import JsonValue
    from acp_action.providers.base import Product, Request, Token


def analyze_pictures(request: Request, token: Token) -> Product:
    """Carry out an ``analyze_image`` request; one section for each picture."""
    facts = [measure(path, token) for path in media_paths(request)]
    style, question = request.model.task or "detailed", request.text or ""
    measured: list[JsonValue] = [f.to_dict() for f in facts]
    if _wants_json(request.params):
        text = json.dumps({"pictures": measured, "question": question or None, "remark": HONEST}, indent=2)
    else:
        text = describe(facts, style, question)
    used: dict[str, JsonValue] = {"style": style, "question": question or None}
    return finished(request, (), "measurement", used, text=text, notes={"measured": measured})


def _wants_json(params: Mapping[str, Any]) -> bool:
    config = params.get("generationConfig")
    nested = config.get("responseMimeType") if isinstance(config, dict) else None
    return "application/json" in (nested, params.get("generationConfig.responseMimeType"))

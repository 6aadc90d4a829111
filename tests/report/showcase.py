"""Runs with files on disk, for reports that are looked at: with failures, foreign texts, many steps."""

from __future__ import annotations

import colorsys
import random
from dataclasses import replace
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from acp_action.artifacts import MediaFile, Output
from acp_action.config.cascade import Effective
from acp_action.engine.result import Status
from tests.fakes import Trace, a_model, a_plan, a_step, carry_out

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.artifacts import JsonValue
    from acp_action.engine.result import RunResult

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)' x='",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "</script></style></title></textarea><script>alert(1)</script>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s></svg>",
    "<style>@import url(https://evil.example/a.css)</style>url(https://evil.example/b.png)",
    "<iframe src=https://evil.example></iframe><base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "{{ 7 * 7 }}{% include 'page.css' %}{# #}${alert(1)}",
    "&lt;script&gt;&#x3C;img src=x&#x3E;]]><!--",
    "\u202eevil\u202c\u2066\x1b[31m\x00\ud800\u2028",
    "//evil.example/x.png",
    "../../../etc/passwd",
)
"""Texts that act where a page does not treat them as texts."""

PROMPTS = (
    "A lighthouse on a cliff at dusk, warm light in the windows, gulls, film grain",
    "منارة على جرف عند الغسق، ضوء دافئ في النوافذ",
    "👩🏽‍🚀 floating above 🌍, watercolour 🎨",
    "夕暮れの崖の上の灯台、温かい光",
    "A storefront with the sign “Open”, 35 mm, late afternoon\nNo people.\nSoft shadows.",
)


def picture(path: Path, hue: float, size: tuple[int, int] = (640, 360)) -> MediaFile:
    """A picture on disk, as a step would leave it."""
    top, low = (tuple(round(255 * c) for c in colorsys.hls_to_rgb(hue, light, 0.45)) for light in (0.75, 0.4))
    image = Image.linear_gradient("L").resize(size)
    image = Image.composite(Image.new("RGB", size, low), Image.new("RGB", size, top), image)
    width, height = size
    ImageDraw.Draw(image).ellipse(
        (width * 0.6, height * 0.2, width * 0.6 + 60, height * 0.2 + 60), fill=(255, 246, 220)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    facts: dict[str, JsonValue] = {"width": width, "height": height, "format": "PNG"}
    return MediaFile("image", path, path.stat().st_size, "0" * 64, facts)


def _made(folder: Path, name: str, hue: float, **params: object) -> dict[str, object]:
    return {
        "output": Output("image", (picture(folder / f"{name}.png", hue),)),
        "params": {"prompt": PROMPTS[int(hue * 10) % len(PROMPTS)], "aspect_ratio": "16:9", **params},
        "seed": 7,
    }


def failed_run(folder: Path) -> RunResult:
    """Every ending there is, with retries and waits, and pictures of what was finished."""
    ends = [
        ("hero", Trace((("done", 4.2),), cost=0.025)),
        ("portrait", Trace((("refused", 0.2), ("transient", 1.1), ("done", 3.4)), backoff=1.5, cost=0.025)),
        ("square", Trace((("done", 3.1),), throttle=2.0, cost=0.025)),
        ("banner", Trace((("done", 2.6),), cost=None)),
        ("kept", Trace((("done", 0.1),), status=Status.CACHED, cost=0.0)),
    ]
    bad = [
        ("no_credit", Trace((("fatal", 0.4),), reason="fal: the account has no credit left; top it up")),
        ("policy", Trace((("fatal", 0.8),), status=Status.REFUSED, reason="the content policy forbids it")),
        ("slow_clip", Trace((("expired", 9.0),), reason="timed out after 9.0s, waiting for the result")),
        ("lost", Trace((("doubt", 1.2),), reason="disconnected after the request was sent (0.3500 USD)")),
        ("stopped", Trace((("stopped", 1.9),), reason="cancelled because 'no_credit' failed")),
        ("follower", Trace((), reason="skipped because 'no_credit' failed")),
        ("off", Trace((), reason="disabled")),
    ]  # fmt: skip
    named = [*ends, *bad]
    steps = [
        a_step(i, name, group=0 if i < 9 else -1, number=i + 1 if i < 9 else 0, total=9 if i < 9 else 0,
               enabled=name != "off")
        for i, (name, _) in enumerate(named)
    ]  # fmt: skip
    for i, (name, trace) in enumerate(ends):
        trace.changes = _made(folder, name, i / 10)
    for _, trace in bad:
        trace.changes = {"params": {"prompt": PROMPTS[0], "guidance": 3.5}, "reason": trace.reason}
    needs = [()] * 9 + [(0,), (5,), ()]
    plan = a_plan(steps, needs, name="Spring campaign", settings=Effective(max_workers=4, fail_fast=False))
    return carry_out(plan, [trace for _, trace in named], workers=4, folder=folder)


def hostile_run(folder: Path) -> RunResult:
    """An attack in every text that can come from outside, each in a step of its own, all in the name."""
    steps, traces = [], []
    for i, evil in enumerate(HOSTILE):
        model = a_model(evil, "analyze_image" + evil, evil)
        steps.append(a_step(i, f"{i}{evil}", type=evil, model=model, provider=evil, group=0 if i % 2 else -1))
        name = f"{i}" + "".join(c for c in evil if c not in "/\x00\ud800")[:80]
        made = Output("image", (picture(folder / f"{name}.png", i / len(HOSTILE), (64, 48)),), evil)
        changes = {"params": {"prompt": evil, evil: [evil, {evil: evil}]}, "reason": evil, "output": made}
        ending = (("done", 1.0 + i / 10),) if i % 3 else (("transient", 0.5), ("fatal", 0.5))
        if not i % 3:
            changes["output"] = None
        traces.append(Trace(ending, reason=evil, backoff=0.5, changes=changes))
    every = " ".join(HOSTILE)
    settings = Effective(output_dir=every, provider=every, origins={"provider": every, "output_dir": every})
    plan = a_plan(steps, name=every, settings=settings)
    plan = replace(plan, source_name=every, groups=tuple(replace(g, name=every) for g in plan.groups))
    run = carry_out(plan, traces, workers=3, folder=folder)
    return replace(run, stopped=every, detached=HOSTILE)


def many_run(
    folder: Path, count: int = 1000, pictures: int = 0, size: tuple[int, int] = (1024, 1024)
) -> RunResult:
    """Steps of one large group and a few failures; the first ``pictures`` have a picture on disk."""
    rng = random.Random(5)
    steps = [a_step(i, f"picture_{i + 1:04}", group=0, number=i + 1, total=count) for i in range(count)]
    traces = []
    for i in range(count):
        took = rng.lognormvariate(0.8, 0.4)
        ending = (("refused", 0.1), ("done", took)) if i % 41 == 7 else (("done", took),)
        if i % 97 == 13:
            ending = (("fatal", took / 2),)
        changes: dict[str, object] = {"params": {"prompt": PROMPTS[i % len(PROMPTS)]}, "reason": ""}
        if i < pictures:
            changes |= {
                "output": Output("image", (picture(folder / f"picture_{i + 1:04}.png", i / pictures, size),))
            }
        traces.append(
            Trace(ending, throttle=0.3 if i % 7 == 0 else 0.0, backoff=2.0, cost=0.003, changes=changes)
        )
    plan = a_plan(steps, name="Catalogue refresh", settings=Effective(max_workers=16, fail_fast=False))
    return carry_out(plan, traces, workers=16, folder=folder)

"""What people write where a pipeline has another word: keys of other tools, of upstream, of other places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from acp_action.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

Level: TypeAlias = Literal["pipeline", "settings", "limit", "step", "group"]

_IN_SETTINGS: Final = "write it under settings:"
_IN_PARAMS: Final = "write it under params:"
_ON_GROUPS: Final = "it belongs to a parallel_group or under settings:"
_ON_STEPS: Final = "it belongs to the steps of the group"
_OLD_WORKERS: Final = dict.fromkeys(
    ("workers", "num_workers", "max_parallel", "max_concurrency", "concurrency", "threads"),
    "write max_workers",
)
_OLD_NEEDS: Final = dict.fromkeys(("depends_on", "dependencies", "depends", "after"), "write needs")
_OLD_INPUT: Final = dict.fromkeys(("input", "inputs", "from", "source", "image_from"), "write input_from")
_OLD_PARAMS: Final = dict.fromkeys(
    ("parameters", "args", "arguments", "options", "with", "config"), "write params"
)
_OLD_RETRIES: Final = dict.fromkeys(("max_retries", "retries", "retry"), "write retry_count")
_MEDIA_PARAMS: Final = dict.fromkeys(
    ("prompt", "negative_prompt", "text", "question", "image", "video", "videos", "images", "audio", "seed",
     "aspect_ratio", "duration", "voice", "style", "width", "height"), _IN_PARAMS
)  # fmt: skip
_ENTRY: Final = {"id": "write name", "title": "write name", "kind": "write type", "uses": "write type"}
_ABSENT: Final = dict.fromkeys(
    ("condition", "when", "if", "for_each", "matrix", "on_error", "cache", "budget"),
    "pipelines have nothing like it; take it out",
)

_SPELLINGS: Final[dict[Level, dict[str, str]]] = {
    "pipeline": {
        **dict.fromkeys(("pipeline", "tasks", "jobs", "stages", "workflow"), "write steps"),
        **dict.fromkeys(("config", "options", "defaults"), "write settings"),
        **dict.fromkeys(("title", "id"), "write name"),
        **dict.fromkeys(
            ("parallel", "schedule", "max_workers", "rate_limit_delay", "rate_limits", "max_rate_limit_wait",
             "fail_fast", "timeout", "log_level", "output_dir", "provider"), _IN_SETTINGS
        ),
        **dict.fromkeys(("variables", "vars", "inputs"), "there is one: {{input}}, given with --input"),
        "parallel_steps": "write steps, with an entry of type: parallel_group",
        **_ABSENT,
    },
    "settings": {
        **_OLD_WORKERS,
        **dict.fromkeys(("request_delay", "delay", "rate_limit"), "write rate_limit_delay, in seconds"),
        **dict.fromkeys(("output", "output_folder", "output_path", "outputs"), "write output_dir"),
        **dict.fromkeys(("log", "level", "logging", "verbosity"), "write log_level"),
        **dict.fromkeys(("mode", "scheduling", "strategy"), "write schedule: ordered or dataflow"),
        **dict.fromkeys(("max_retries", "retries", "retry", "retry_count"), "write retry_count on the steps"),
        "continue_on_error": "write fail_fast: false",
        **_ABSENT,
    },
    "limit": {
        **dict.fromkeys(("rpm", "per_minute", "rate", "requests", "pace"), "write requests_per_minute"),
        **dict.fromkeys(("max_concurrency", "max_workers", "parallel", "in_flight"), "write concurrency"),
    },
    "step": {
        **_ENTRY, **_OLD_NEEDS, **_OLD_INPUT, **_OLD_PARAMS, **_OLD_RETRIES, **_MEDIA_PARAMS, **_ABSENT,
        **dict.fromkeys(("max_workers", "fail_fast"), _ON_GROUPS),
        **dict.fromkeys(("steps", "parallel_steps"), "steps need type: parallel_group"),
        **dict.fromkeys(("output", "output_file", "filename"), "files are named after the step: write name"),
    },
    "group": {
        **_OLD_WORKERS, **_ENTRY, **_OLD_NEEDS, **_ABSENT,
        **dict.fromkeys(("model", "provider", "input_from", "retry_count", "max_duplicate_cost"), _ON_STEPS),
        **dict.fromkeys((*_OLD_RETRIES, *_MEDIA_PARAMS), _ON_STEPS),
        **dict.fromkeys(("parallel_steps", "tasks", "members", "jobs"), "write steps"),
        "continue_on_error": "write fail_fast: false",
    },
}  # fmt: skip

STEP_TYPE_SPELLINGS: Final = {
    **dict.fromkeys(("parallel", "group", "parallel_steps"), "parallel_group"),
    **dict.fromkeys(("image", "generate_image", "txt2img", "t2i"), "text_to_image"),
    **dict.fromkeys(("edit_image", "img2img", "i2i"), "image_to_image"),
    **dict.fromkeys(("i2v", "img2vid"), "image_to_video"),
    **dict.fromkeys(("video", "generate_video", "t2v"), "text_to_video"),
    **dict.fromkeys(("tts", "speech", "text2speech"), "text_to_speech"),
    **dict.fromkeys(("upscale", "upscaler"), "upscale_image"),
    **dict.fromkeys(("concat", "merge_videos", "join_videos"), "concat_videos"),
    **dict.fromkeys(("describe_image", "analyse_image", "caption"), "analyze_image"),
    **dict.fromkeys(("prompt", "video_prompt", "chat", "text_generation"), "generate_prompt"),
}
"""Names of step types that are too far from ours for a spelling check."""


def mend_key(key: str, level: Level, known: Iterable[str]) -> str:
    """What to write instead of an unknown key."""
    choices = list(known)
    word = key.strip().lower().replace("-", "_")
    special = _SPELLINGS[level]
    if word in special:
        return special[word]
    near = did_you_mean(word, [*choices, *special])
    meant = near.partition("'")[2].partition("'")[0]
    if meant in special:
        return f"{near} {special[meant]}"
    return near or f"known here: {', '.join(choices)}"

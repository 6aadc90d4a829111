from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from acp_action.catalogue.models import catalogue
from acp_action.catalogue.step_types import STEP_TYPES
from acp_action.providers.local.vocabulary import ignored, vocabulary
from tests.providers.making import checked, model_of


def said(step_type: str, model: str | None = None, /, **params: Any) -> str:
    """The one complaint about these parameters, in full."""
    (complaint,) = checked(step_type, model, **params)
    return f"{complaint.what}; {complaint.mend}"


@pytest.mark.parametrize("step_type", STEP_TYPES)
def test_every_default_and_value_of_the_catalogue_is_accepted(step_type: str) -> None:
    """A preview takes whatever the model itself takes: its defaults and every one of its values."""
    for model in catalogue().models(step_type):
        for param in model.params:
            for value in (param.default, *param.values):
                if value is not None:
                    assert checked(step_type, model.key, **{param.name: value}) == [], (model.key, param.name)


def test_an_unknown_parameter_is_told_with_the_nearest() -> None:
    """Nothing is ignored silently, and a slip of the pen is recognised."""
    assert said("image_to_video", "kling_2_6_pro", duratoin=5) == (
        "unknown parameter 'duratoin'; did you mean 'duration'?"
    )


def test_a_strange_parameter_is_told_with_what_there_is() -> None:
    """Where nothing is near, the names that the step takes are listed."""
    assert said("split_image", zzz=1) == (
        "unknown parameter 'zzz'; split_image takes image, rows, cols, columns, grid, output_format"
    )


@pytest.mark.parametrize(
    ("step_type", "params", "words"),
    [
        ("text_to_image", {"width": 5000}, "width: 5000 is out of range; use 16 to 4096"),
        ("text_to_image", {"seed": "abc"}, "seed: 'abc' is not a whole number; write a whole number"),
        ("text_to_image", {"image_size": "lanscape_4_3"}, "is not a size; did you mean 'landscape_4_3'?"),
        ("text_to_image", {"image_size": "9000x10"}, "is out of range; use 16 to 4096 pixels a side"),
        ("text_to_image", {"image_size": "auto"}, ""),
        ("image_to_video", {"fps": 0}, "fps: 0 is out of range; use 1 to 60"),
        ("image_to_video", {"duration": "long"}, "duration: 'long' is not a number of seconds"),
        ("image_to_video", {"aspect_ratio": "wide"}, 'such as "16:9"'),
        ("image_to_video", {"resolution": "tiny"}, "is not a resolution; write 720p or 1080p"),
        ("text_to_speech", {"engine": "espeak"}, "did you mean 'espeak-ng'?"),
        ("text_to_speech", {"speed": 5}, "use 0.5 to 2"),
        ("split_image", {"rows": 0}, "use 1 to 16"),
        ("text_to_image", {"delay": -1}, "delay: -1 is out of range; use 0 to 86400"),
        ("text_to_image", {"delay": float("nan")}, "delay: nan is not a number of seconds"),
        ("text_to_image", {"fail": "yes"}, "fail: 'yes' is not true or false"),
        ("text_to_image", {"transient": 1.5}, "transient: 1.5 is not a whole number"),
        ("text_to_image", {"retry_after": 3}, "retry_after has no meaning without refuse; add refuse: 1"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_with_the_right_ones(
    step_type: str, params: dict[str, Any], words: str
) -> None:
    """Type, range and choice are checked before anything runs, in words that say what to write."""
    if not words:
        assert checked(step_type, **params) == []
    else:
        assert words in said(step_type, **params)


def test_a_preview_takes_only_what_the_model_itself_takes() -> None:
    """A duration that the real model refuses is found before it costs money."""
    assert said("image_to_video", "kling_2_6_pro", duration=7) == (
        "duration: 7 is not one of the values there are; use one of 5, 10"
    )
    assert checked("image_to_video", "local", duration=7) == []


@pytest.mark.parametrize("value", [5, "5", "5s", 5.0, " 10 "])
def test_choices_are_compared_by_meaning(value: Any) -> None:
    """5, "5" and "5s" are one duration, however the model writes it."""
    assert checked("image_to_video", "kling_2_6_pro", duration=value) == []


def test_templates_are_passed_over() -> None:
    """A value that is not known yet is not judged yet."""
    assert (
        checked("text_to_image", prompt="{{input}}", seed="{{random}}", image_size={"width": "{{input}}"})
        == []
    )


def test_members_of_a_mapping_are_checked() -> None:
    """Nested parameters have names and limits too, also when they are written with a dot."""
    assert "voice_settings.stability: 2 is out of range" in said(
        "text_to_speech", voice_settings={"stability": 2}
    )
    assert "unknown parameter 'voice_settings.speeed'; did you mean 'speed'?" in said(
        "text_to_speech", voice_settings={"speeed": 1}
    )
    assert "use 0.7 to 1.2" in said("text_to_speech", **{"voice_settings.speed": 3})


@pytest.mark.parametrize(
    ("step_type", "params"),
    [
        ("text_to_image", {"image_size": "640x480", "aspect_ratio": "1:1"}),
        ("text_to_image", {"width": 640, "height": 480, "aspect_ratio": "1:1"}),
        ("split_image", {"grid": "2x2", "rows": 2}),
        ("upscale_image", {"scale": 2, "upscale_factor": 3}),
        ("text_to_speech", {"text": "a", "prompt": "b"}),
    ],
)
def test_saying_one_thing_twice_is_told(step_type: str, params: dict[str, Any]) -> None:
    """Where two parameters contradict each other, none is quietly preferred."""
    assert "keep one of them" in said(step_type, **params)


def test_a_size_word_beside_a_ratio_is_no_contradiction() -> None:
    """One model's size is a word for an amount of pixels, which goes well with a ratio."""
    assert checked("text_to_image", "seedream3", size="big", aspect_ratio="1:1") == []


def test_media_as_a_url_field_is_redirected_to_the_port() -> None:
    """What services call image_url comes in by input_from here, and the message says so."""
    assert said("image_to_video", "kling_2_6_pro", image_url="x.png") == (
        "'image_url' is not taken as a parameter here; "
        "use input_from with a step's name, or params.image with a file"
    )


def test_complaints_name_their_parameter() -> None:
    """Whoever shows a complaint can point at the key."""
    assert [c.param for c in checked("text_to_image", width=1, bogus=2)] == ["width", "bogus"]


def test_what_means_nothing_here_is_listed() -> None:
    """A preview says which of the model's parameters it left aside."""
    params: dict[str, Any] = {"prompt": "x", "guidance_scale": 3.5, "seed": 1, "num_images": 2, "delay": 1}
    assert ignored("text_to_image", model_of("text_to_image"), params) == ["guidance_scale", "num_images"]


def test_the_vocabulary_follows_the_model_it_is_given() -> None:
    """Another model of the same name is not answered from memory."""
    model = model_of("text_to_image")
    assert "guidance_scale" in vocabulary("text_to_image", model)
    assert "guidance_scale" not in vocabulary("text_to_image", replace(model, params=()))

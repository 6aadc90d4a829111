"""Parameters before money: what a model takes, in which words, and what a person is told otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acp_action.catalogue.models import catalogue
from acp_action.catalogue.step_types import STEP_TYPES
from acp_action.errors import FatalError
from acp_action.providers.local.vocabulary import complaints as local_complaints
from acp_action.providers.params.resolve import resolve, settled_fields
from acp_action.providers.params.vocabulary import media_port, nested
from tests.providers.services import model_of

T2I, I2I = "text_to_image", "image_to_image"
T2V, I2V = "text_to_video", "image_to_video"
TTS = "text_to_speech"
REAL = [m for m in catalogue().models() if m.provider != "local"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=6), inner, max_size=2),
    max_leaves=4,
)


def sent(name: str, step_type: str = "text_to_image", **params: Any) -> dict[str, Any]:
    """The fields that parameters set, with nothing to complain about."""
    fields = resolve(step_type, model_of(name, step_type), params)
    assert fields.problems == ()
    return fields.values


def told(name: str, step_type: str = "text_to_image", **params: Any) -> str:
    """Everything that is wrong, in words."""
    problems = resolve(step_type, model_of(name, step_type), params).problems
    assert problems
    return " | ".join(f"{c.what}; {c.mend}" for c in problems)


@pytest.mark.parametrize(
    ("ratio", "size"),
    [
        ("1:1", "square_hd"),
        ("9:16", "portrait_16_9"),
        ("16:9", "landscape_16_9"),
        ("21:9", {"width": 1568, "height": 672}),
        ("{{env.SHAPE}}", None),
    ],
)
def test_shape_becomes_the_size_of_flux(ratio: str, size: Any) -> None:
    """The guide's sizes: a model without ``aspect_ratio`` gets the preset, or about a megapixel."""
    assert sent("flux_dev", aspect_ratio=ratio).get("image_size") == size


@pytest.mark.parametrize(
    ("name", "step_type", "params", "fields"),
    [
        ("flux_dev", T2I, {"width": 512, "height": 768}, {"image_size": {"width": 512, "height": 768}}),
        ("flux_dev", T2I, {"image_size": "640x480"}, {"image_size": {"width": 640, "height": 480}}),
        ("imagen4", T2I, {"aspect_ratio": "16/9", "seed": "7"}, {"aspect_ratio": "16:9", "seed": 7}),
        ("imagen4", T2I, {"safety_tolerance": 3}, {"safety_tolerance": "3"}),
        ("gpt_image_1_5", T2I, {"aspect_ratio": "16:9"}, {"image_size": "1536x1024"}),
        ("gpt_image_1_5", T2I, {"aspect_ratio": "7:8"}, {"image_size": "1024x1024"}),
        ("gpt_image_1_5", T2I, {"width": 1024, "height": 1536}, {"image_size": "1024x1536"}),
        ("openai_image", T2I, {"aspect_ratio": "9:16"}, {"size": "1024x1536"}),
        ("seedream3", T2I, {"width": 800, "height": 600},
         {"width": 800, "height": 600, "aspect_ratio": "custom"}),
        ("kontext", I2I, {"aspect_ratio": "16:9"}, {"resolution_mode": "16:9"}),
        ("photon_flash", I2I, {}, {"aspect_ratio": "1:1", "strength": 0.8}),
        ("clarity_upscaler", I2I, {"scale": 2}, {"upscale_factor": 2}),
        ("kling_2_6_pro", I2V, {"duration": 10}, {"duration": "10"}),
        ("veo_3_1_fast", I2V, {"duration": 8}, {"duration": "8s"}),
        ("grok_imagine", T2V, {"duration": "5s"}, {"duration": 5}),
        ("hailuo_pro", T2V, {"duration": 6, "aspect_ratio": "16:9"}, {}),
    ],
)  # fmt: skip
def test_generic_parameters_take_the_model_s_own_words(
    name: str, step_type: str, params: dict[str, Any], fields: dict[str, Any]
) -> None:
    """Shape, size, duration and seed are said alike everywhere, and sent as each model wants them."""
    assert sent(name, step_type, **params) == fields


def test_members_of_objects_are_known_by_their_short_names() -> None:
    """``stability`` is ``voice_settings.stability``, also within its object; requests get the object."""
    said = sent("elevenlabs", TTS, text="hi", stability=0.4, voice_settings={"style": 0.2})
    assert said["voice_settings.stability"] == 0.4
    assert nested(said)["voice_settings"] == {"stability": 0.4, "style": 0.2}


@pytest.mark.parametrize(
    ("name", "step_type", "params", "words"),
    [
        ("flux_dev", T2I, {"promt": "x"}, "unknown parameter 'promt'; did you mean 'prompt'?"),
        ("flux_dev", T2I, {"zzz": 1}, "unknown parameter 'zzz'; flux_dev takes prompt, "),
        ("flux_dev", T2I, {"fail": True}, "only the embedded provider acts on it"),
        ("flux_dev", T2I, {"num_inference_steps": 99}, "99 is out of range; use 1 to 50"),
        ("elevenlabs", "text_to_speech", {"seed": -1}, "-1 is out of range; use 0 to 4294967295"),
        ("flux_dev", T2I, {"output_format": "jpg"}, "did you mean 'jpeg'?"),
        ("flux_dev", T2I, {"image_size": "huge"}, "is not a size"),
        ("flux_dev", T2I, {"width": 512}, "width without height; give height too"),
        ("flux_dev", T2I, {"aspect_ratio": "1:1", "image_size": "square"}, "say the same thing twice"),
        ("flux_dev", T2I, {"duration": 5}, "flux_dev takes no duration"),
        ("flux_dev", T2I, {"num_images": 4}, "would pay for 4; write one step for each"),
        ("flux_dev", T2I, {"sync_mode": True}, "would pay again; leave it out"),
        ("flux_dev", T2I, {"seed": "many"}, "'many' is not a whole number"),
        ("gpt_image_1_5", T2I, {"seed": 1}, "takes no seed; models with one: flux_dev"),
        ("gpt_image_1_5", T2I, {"width": 9, "height": 9}, "use one of 1024x1024, 1536x1024"),
        ("imagen4", T2I, {"width": 9, "height": 9}, "no size in pixels; it takes aspect_ratio"),
        ("imagen4", T2I, {"aspect_ratio": "5:1"}, "use one of 1:1, 16:9"),
        ("seedream3", T2I, {"width": 800, "height": 600, "aspect_ratio": "1:1"}, "no meaning beside"),
        ("gen4", T2I, {"reference_images": ["x"]}, "'x' is no https URL"),
        ("gen4", T2I, {"reference_images": ["https://a.b/c"] * 4}, "it may have 3 at most"),
        ("photon_flash", I2I, {"strength": 1.5}, "1.5 is out of range; use 0 to 1"),
        ("kling_2_6_pro", I2V, {"duration": 7}, "use one of 5, 10"),
        ("kling_2_6_pro", I2V, {"aspect_ratio": "1:1"}, "it takes its shape from its input"),
        ("kling_2_6_pro", I2V, {"start_image_url": "https://a.b/c"}, "use input_from with a step's"),
        ("kling_2_6_pro", I2V, {"end_image_url": "{{step_a.output}}"}, "output is a file here"),
        ("kling_2_6_pro", I2V, {"end_image_url": "/etc/passwd"}, "is no https URL"),
        ("grok_imagine", T2V, {"duration": 2.5}, "not a whole number of seconds"),
        ("hailuo_pro", T2V, {"duration": 10}, "always makes 6; leave it out; models with one: kling"),
        ("elevenlabs", TTS, {"text": "x" * 10_001}, "10,001 characters, but elevenlabs takes 10,000"),
        ("elevenlabs", TTS, {"voice_settings": {"speeed": 1}}, "did you mean 'speed'?"),
        ("kling_3_pro", T2V, {"prompt": "x", "multi_prompt": [{"prompt": "a"}]}, "tell the film twice"),
        ("gemini_qa", "analyze_image", {"question": "a", "prompt": "b"}, "question and prompt say the same"),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_told_with_its_mend(
    name: str, step_type: str, params: dict[str, Any], words: str
) -> None:
    """Each complaint names the parameter, the value seen, and what to write instead."""
    assert words in told(name, step_type, **params)


def test_all_problems_are_told_at_once() -> None:
    """Nobody mends a file one error a run."""
    fields = resolve("text_to_image", model_of("flux_dev"), {"promt": "x", "duration": 3, "seed": "x"})
    assert len(fields.problems) == 3


def test_templates_are_checked_when_they_are_filled_in() -> None:
    """Before the run a template passes; what it brings is checked before the order."""
    assert sent("flux_dev", seed="{{input}}") == {}
    with pytest.raises(FatalError, match="seed: 'cats' is not a whole number"):
        settled_fields("text_to_image", model_of("flux_dev"), {"seed": "cats"})


def test_a_field_is_traced_back_to_what_set_it() -> None:
    """A service's complaint about ``image_size`` is about the file's ``aspect_ratio``."""
    fields = resolve("text_to_image", model_of("flux_dev"), {"aspect_ratio": "21:9", "seed": 1})
    assert fields.param_of("image_size.width") == "aspect_ratio"
    assert fields.param_of("seed") == "seed"
    assert fields.param_of("prompt") is None


@pytest.mark.parametrize("model", REAL, ids=lambda m: f"{m.key}-{m.type}")
def test_every_model_of_the_catalogue_can_be_asked_for_nothing_special(model: Any) -> None:
    """Without parameters there is nothing to complain about, and required fields have values to send."""
    fields = resolve(model.type, model, {})
    assert fields.problems == ()
    media = STEP_TYPES[model.type].media
    assert (media is None) == (media_port(model.type, model) is None)


@pytest.mark.parametrize("model", REAL, ids=lambda m: f"{m.key}-{m.type}")
def test_default_values_are_values_that_are_taken(model: Any) -> None:
    """What a service does by default can be written into the file too, and is taken by previews as well."""
    given = {p.name: p.default for p in model.params if p.default is not None and "." not in p.name}
    known_odd = {"num_frames"}  # multitalk's default is outside of its own range
    given = {name: value for name, value in given.items() if name not in known_odd}
    given.pop("sync_mode", None)
    if "aspect_ratio" in given:  # and then a size has no meaning
        given = {name: value for name, value in given.items() if name not in ("width", "height")}
    assert resolve(model.type, model, given).problems == ()
    assert [*local_complaints(model.type, model, given)] == []


@given(
    model=st.sampled_from(REAL), params=st.dictionaries(st.text(max_size=8), JSON, max_size=2), data=st.data()
)
def test_any_parameters_are_told_about_without_a_crash(
    model: Any, params: dict[str, Any], data: st.DataObject
) -> None:
    """Whatever stands in a file, the answer is fields or complaints."""
    names = [p.name for p in (*model.params, *model.inputs)] + ["width", "height", "aspect_ratio", "duration"]
    chosen = data.draw(st.sampled_from(names))
    fields = resolve(model.type, model, {**params, chosen: data.draw(JSON)})
    assert all(c.what for c in fields.problems)

"""Finding models, and what a person is told about a name that is none."""

from __future__ import annotations

import subprocess
import sys

import pytest

from acp_action.catalogue.models import Catalogue, Model, catalogue
from acp_action.catalogue.step_types import STEP_TYPES

# Every model that the guide names, with the type of the step that names it.
GUIDE = [
    ("flux_schnell", "text_to_image"),
    ("flux_dev", "text_to_image"),
    ("imagen4", "text_to_image"),
    ("seedream_v3", "text_to_image"),
    ("kling_2_6_pro", "image_to_video"),
    ("photon_flash", "image_to_image"),
    ("clarity_upscaler", "image_to_image"),
    ("gemini_detailed", "analyze_image"),
]


def model(key: str, step_type: str = "text_to_image", aliases: tuple[str, ...] = ()) -> Model:
    """A model of which only the names matter."""
    return Model(key, key, step_type, "fal", aliases, "image", (), (), None, "image", None, "listed", {})


@pytest.mark.parametrize(("name", "step_type"), GUIDE)
def test_models_of_the_guide_resolve(name: str, step_type: str) -> None:
    """Every model that the guide names exists for the type it names it for."""
    found = catalogue().find(name, step_type)
    assert found is not None
    assert found.type == step_type


@pytest.mark.parametrize("step_type", STEP_TYPES)
def test_every_type_has_its_default_model(step_type: str) -> None:
    """A step that names no model gets one, and it makes what the step type promises."""
    default = catalogue().default_model(step_type)
    assert default.type == step_type
    assert default.makes == STEP_TYPES[step_type].makes


@pytest.mark.parametrize("step_type", STEP_TYPES)
def test_every_type_has_the_embedded_model(step_type: str) -> None:
    """``local`` makes every step type, free of charge."""
    local = catalogue().find("local", step_type)
    assert local is not None
    assert (local.provider, local.price, local.makes) == ("local", 0, STEP_TYPES[step_type].makes)


@pytest.mark.parametrize("step_type", ["split_image", "concat_videos", "upscale_image"])
def test_types_without_a_paid_default_stay_embedded(step_type: str) -> None:
    """Work that needs no service is not sent to one by default."""
    assert catalogue().default_model(step_type).provider == "local"


def test_one_name_is_a_model_for_each_type() -> None:
    """Name and type together find the model: ``kling_2_6_pro`` is two."""
    from_text = catalogue().find("kling_2_6_pro", "text_to_video")
    from_image = catalogue().find("kling_2_6_pro", "image_to_video")
    assert from_text is not None
    assert from_image is not None
    assert (from_text.key, from_image.key) == ("kling_2_6_pro", "kling_2_6_pro_i2v")


def test_type_alias_finds_the_same_models() -> None:
    """``image_understanding`` is ``analyze_image``."""
    assert catalogue().find("gemini_qa", "image_understanding") is catalogue().find(
        "gemini_qa", "analyze_image"
    )
    assert catalogue().models("image_understanding") == catalogue().models("analyze_image")
    assert catalogue().default_model("image_understanding").key == "gemini_describe"


@pytest.mark.parametrize("name", ["clarity", "clarity_upscaler"])
def test_upscalers_serve_upscale_image(name: str) -> None:
    """An upscaler of pictures works under both step types, and says that upscaling is its task."""
    for step_type in ("image_to_image", "upscale_image"):
        found = catalogue().find(name, step_type)
        assert found is not None
        assert (found.type, found.task) == (step_type, "upscale")


def test_unknown_name_finds_nothing() -> None:
    """A name of another type, or of none, is not a model."""
    assert catalogue().find("flux_dev", "image_to_image") is None
    assert catalogue().find("nothing_like_it", "text_to_image") is None


def test_unknown_type_has_no_default() -> None:
    """Asking for a type that does not exist is a mistake in the program."""
    with pytest.raises(KeyError):
        catalogue().default_model("text_to_smell")


def test_models_without_a_type_are_all() -> None:
    """Every model belongs to a step type, and the types together are the whole."""
    by_type = [m for t in STEP_TYPES for m in catalogue().models(t)]
    assert sorted(by_type, key=id) == sorted(catalogue().models(), key=id)


@pytest.mark.parametrize("typo", ["flux_dve", "flux_de", "Flux_Dev"])
def test_typo_gets_the_nearest_model(typo: str) -> None:
    """A typo is answered with the model of that type that it looks like."""
    assert catalogue().nearest(typo, "text_to_image") == "did you mean 'flux_dev'?"


def test_name_of_another_type_says_so() -> None:
    """A model that exists for another type is named as such, with models that fit, the default first."""
    text = catalogue().nearest("flux_dev", "image_to_image")
    assert text.startswith("'flux_dev' makes text_to_image; for image_to_image try photon_flash, ")
    assert "local" not in text


def test_name_of_two_other_types_names_both() -> None:
    """All the types that know the name are told."""
    text = catalogue().nearest("kling_2_6_pro", "text_to_image")
    assert text.startswith(
        "'kling_2_6_pro' makes text_to_video, image_to_video; for text_to_image try flux_dev"
    )


def test_model_without_a_step_type_yet_says_what_it_is_for() -> None:
    """A model known from the facts, that no step type can use yet, is not called a typo."""
    text = catalogue().nearest("topaz", "image_to_video")
    assert text.startswith("'topaz' makes upscale_video; for image_to_video try kling_2_6_pro, ")


def test_nothing_near_says_nothing() -> None:
    """No guess is better than a wrong one."""
    assert catalogue().nearest("qqqqqqqq", "text_to_image") == ""


def test_suggestions_leave_out_the_dead() -> None:
    """Nobody is sent to a model that its provider has retired."""
    text = catalogue().nearest("flux_dev", "image_to_video")
    assert "sora" not in text


def test_two_models_of_one_name_are_refused() -> None:
    """A catalogue in which a name is ambiguous within a type cannot be made."""
    with pytest.raises(ValueError, match="'x' names two models for text_to_image: x and y"):
        Catalogue([model("x"), model("y", aliases=("x",))])
    assert Catalogue([model("x"), model("x", "image_to_image")]).models() != ()


def test_catalogue_is_read_once() -> None:
    """All callers share one catalogue."""
    assert catalogue() is catalogue()


def test_catalogue_needs_no_yaml_parser() -> None:
    """Reading it takes the generated file alone, which is what makes it quick."""
    read = "from acp_action.catalogue.models import catalogue; catalogue()"
    code = f"import sys; {read}; print('yaml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "False"

"""Replicate: what goes on the wire, six states, outputs of every shape, files as inputs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.errors import FatalError, PolicyRefusal
from acp_action.providers.base import RemoteJob
from acp_action.providers.jobs.ends import CancelledThere, Ended
from acp_action.providers.jobs.watch import Look
from acp_action.providers.params.resolve import resolve
from acp_action.providers.replicate import ReplicateProvider
from tests.providers.jobs import REPLICATE, attempt
from tests.providers.services import Remembering, a_token, account_of, model_of, request_for
from tests.providers.test_fal import a_picture
from tests.simulators.recorded import normalised, recorded

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.catalogue.models import Model


def sent_by_the_sdk(call: str, kind: str) -> dict[str, Any]:
    """What the official client was seen to send."""
    return next(request for request in recorded("replicate", call) if request["kind"] == kind)


def plain(folder: Path, **params: Any) -> Any:
    """A request for a picture with the SDK's own parameters."""
    return request_for(folder, "seedream3", **params)


@pytest.mark.parametrize(("call", "kind"), [("generation", "order"), ("poll", "status")])
def test_a_generation_goes_out_as_the_official_client_makes_it(call: str, kind: str, tmp_path: Path) -> None:
    """Method, path, token and body are those of replicate-python."""
    with REPLICATE.simulate() as sim:
        REPLICATE.adapt(sim).run(plain(tmp_path, aspect_ratio="16:9"), a_token(9))
        assert normalised(sim, sim.calls(kind)[0]) == sent_by_the_sdk(call, kind)


def test_a_cancel_goes_out_as_the_official_client_makes_it(tmp_path: Path) -> None:
    """POST without a body."""
    token = a_token()
    with REPLICATE.simulate(30) as sim:
        trail = Remembering("accepted", lambda: token.cancel("stopped"))
        attempt(REPLICATE, sim, tmp_path, trail=trail, token=token)
        assert normalised(sim, sim.calls("cancel")[0]) == sent_by_the_sdk("cancel", "cancel")


def with_picture(model: Model, **entry: Any) -> Model:
    """The model, made to take a picture."""
    taken = next(m for m in [model_of("photon_flash", "image_to_image")])
    port = replace(taken.inputs[0], name="image")
    return replace(model, type="image_to_image", inputs=(*model.inputs, port), entry={**model.entry, **entry})


@pytest.mark.parametrize(("side", "call"), [(16, "inline"), (400, "upload")])
def test_files_go_in_the_request_or_by_upload(side: int, call: str, tmp_path: Path) -> None:
    """Up to 256 KB as a text in the request; above, uploaded and named, as the official client does."""
    picture = a_picture(tmp_path, side)
    request = request_for(tmp_path, "seedream3", media=(picture,), aspect_ratio="16:9")
    request = request._replace(type="image_to_image", model=with_picture(request.model))
    with REPLICATE.simulate() as sim:
        REPLICATE.adapt(sim).run(request, a_token(9))
        ordered = normalised(sim, sim.calls("order")[0])
        uploads = [normalised(sim, c) for c in sim.calls("upload")]
    theirs = sent_by_the_sdk(call, "order")
    image = ordered["body"]["input"].pop("image")
    expected = theirs["body"]["input"].pop("image")
    assert ordered == theirs
    assert image.startswith(expected[:22])
    assert [u["path"] for u in uploads] == (["/v1/files"] if call == "upload" else [])
    assert all(u["body"][0]["type"] == "image/png" for u in uploads)


def test_a_model_with_a_version_is_ordered_by_it(tmp_path: Path) -> None:
    """Community models have no endpoint of their own."""
    request = plain(tmp_path, aspect_ratio="16:9")
    theirs = sent_by_the_sdk("version", "order")
    version = theirs["body"]["version"]
    model = replace(request.model, entry={**request.model.entry, "provider_version": version})
    with REPLICATE.simulate() as sim:
        REPLICATE.adapt(sim).run(request._replace(model=model), a_token(9))
        assert normalised(sim, sim.calls("order")[0]) == theirs


@pytest.mark.parametrize(("seconds", "prefer"), [(3.0, "wait=3"), (15.0, None), (None, None)])
def test_only_quick_models_hold_the_answer_back(seconds: Any, prefer: str | None, tmp_path: Path) -> None:
    """The id of what is paid must not come a minute late."""
    request = plain(tmp_path)
    model = replace(request.model, expected_seconds=seconds)
    with REPLICATE.simulate() as sim:
        made = REPLICATE.adapt(sim).run(request._replace(model=model), a_token(20))
        order = sim.calls("order")[0]
        assert order.headers.get("prefer") == prefer
        assert len(sim.calls("status")) == (0 if prefer else 1)
    assert made.files
    # The step's time, and twice what the job should take.
    assert 20 < float(order.headers["cancel-after"].removesuffix("s")) <= 21 + 2 * (seconds or 60.0)


@pytest.mark.parametrize(
    "output",
    [
        "https://a.b/1.png",
        ["https://a.b/1.png"],
        {"image": "https://a.b/1.png", "seed": 3},
        [{"url": "https://a.b/1.png"}],
    ],
)
def test_outputs_of_every_shape_are_read(output: Any, tmp_path: Path) -> None:
    """A text, a list, an object: where an address stands is the model's affair."""
    assert concluded(tmp_path, {"status": "succeeded", "output": output})["files"] == ["https://a.b/1.png"]


def test_the_seed_that_was_drawn_is_read_from_the_log(tmp_path: Path) -> None:
    """Replicate tells it nowhere else."""
    made = concluded(
        tmp_path, {"status": "succeeded", "output": "https://a.b/1", "logs": "Using seed: 4711\nok"}
    )
    assert made["seed"] == 4711


@pytest.mark.parametrize(
    ("tree", "error"),
    [
        ({"status": "failed", "error": "CUDA out of memory"}, FatalError),
        ({"status": "failed", "error": None}, FatalError),
        ({"status": "failed", "error": "NSFW content detected"}, PolicyRefusal),
        ({"status": "failed", "error": "The input was flagged as sensitive (E005)"}, PolicyRefusal),
        ({"status": "canceled"}, CancelledThere),
        ({"status": "aborted"}, CancelledThere),
        ({"status": "succeeded", "output": None, "data_removed": True}, FatalError),
        ({"status": "succeeded", "output": []}, FatalError),
        ({"status": "succeeded", "output": "no address"}, FatalError),
    ],
)
def test_every_other_end_has_its_error(tree: dict[str, Any], error: type[Exception], tmp_path: Path) -> None:
    """Six states, of which ``aborted`` alone is free; refusals are known by their words."""
    with pytest.raises(Ended) as caught:
        concluded(tmp_path, tree)
    assert type(caught.value.error) is error
    if isinstance(caught.value.error, CancelledThere):
        assert caught.value.error.free == (tree["status"] == "aborted")


def concluded(folder: Path, tree: dict[str, Any]) -> Any:
    """What a prediction that looks like this has made."""
    with REPLICATE.simulate() as sim:
        adapter = ReplicateProvider(account_of(sim))
        request = plain(folder)
        fields = resolve(request.type, request.model, request.params)
        return adapter.conclude(request, fields, RemoteJob("j"), Look("ended", tree), a_token())


def test_a_text_comes_in_pieces(tmp_path: Path) -> None:
    """Language models answer in a list of texts."""
    request = plain(tmp_path)
    model = replace(request.model, makes="text", type="analyze_image")
    with REPLICATE.simulate(text_models=("bytedance/seedream-3",)) as sim:
        made = REPLICATE.adapt(sim).run(request._replace(model=model), a_token(9))
    assert made.text == "A text about a cat."


def test_a_starting_model_is_no_queue(tmp_path: Path) -> None:
    """No limit is reached; the time a model needs to start is part of the service."""
    with REPLICATE.simulate(0.1, boot=3) as sim:
        made = attempt(REPLICATE, sim, tmp_path)
    assert made.product is not None
    assert made.product.queued == 0


def test_what_is_told_is_not_written_into_the_body(tmp_path: Path) -> None:
    """The body is the input alone, as JSON without white space."""
    with REPLICATE.simulate() as sim:
        attempt(REPLICATE, sim, tmp_path)
        body = sim.calls("order")[0].body
    assert json.loads(body) == {
        "input": {"prompt": "a cat", "width": 512, "height": 512, "aspect_ratio": "custom"}
    }
    assert b": " not in body

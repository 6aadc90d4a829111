"""fal: what goes on the wire, how results look, files as inputs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from acp_action.artifacts import MediaFile, Output
from acp_action.errors import FatalError, TransientError, UnknownOutcome
from acp_action.providers.fal import FalProvider
from acp_action.providers.fal.answers import FalRules, error_inside, files_in, job_error
from acp_action.providers.fal.states import app_of
from acp_action.providers.wire.wire import Answer
from tests.providers.jobs import FAL, FAL_POLLED, attempt
from tests.providers.services import Remembering, a_token, account_of, model_of, request_for
from tests.simulators.faults import edited, fault
from tests.simulators.recorded import normalised, recorded

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.providers.base import Product
    from tests.simulators.core import Simulator


def run(sim: Simulator, folder: Path, name: str, step_type: str, **more: Any) -> Product:
    """One attempt that succeeds."""
    adapter = FalProvider(account_of(sim))
    return adapter.run(request_for(folder, name, step_type, **more), a_token(10))


def a_picture(folder: Path, side: int = 32) -> Path:
    """A PNG; from about 400 pixels a side on it is too large for a data URI."""
    path = folder / f"picture_{side}.png"
    Image.effect_noise((side, side), 90).convert("RGB").save(path)
    return path


def sent_by_the_sdk(call: str, kind: str) -> dict[str, Any]:
    """What the official client was seen to send, which flags it sets apart."""
    return next(request for request in recorded("fal", call) if request["kind"] == kind)


@pytest.mark.parametrize("kind", ["order", "status", "result"])
def test_a_generation_goes_out_as_the_official_client_makes_it(kind: str, tmp_path: Path) -> None:
    """Method, path, key and body are those of fal-client."""
    with FAL_POLLED.simulate() as sim:
        attempt(FAL_POLLED, sim, tmp_path, image_size="landscape_4_3", num_images=1)
        ours = normalised(sim, sim.calls(kind)[0])
    theirs = sent_by_the_sdk("generation", kind)
    assert {**ours, "query": {}} == {**theirs, "query": {}}


def test_a_cancel_goes_out_as_the_official_client_makes_it(tmp_path: Path) -> None:
    """PUT without a body."""
    token = a_token()
    with FAL.simulate(30) as sim:
        sim.script("P10.stuck")
        trail = Remembering("accepted", lambda: token.cancel("stopped"))
        attempt(FAL, sim, tmp_path, trail=trail, token=token)
        assert normalised(sim, sim.calls("cancel")[0]) == sent_by_the_sdk("cancel", "cancel")


def test_the_doctor_s_question_costs_nothing_and_asks_the_queue_too() -> None:
    """The address for uploads says whether the key is taken; orders go to the queue, which must answer."""
    with FAL.simulate() as sim:
        FalProvider(account_of(sim)).probe(a_token(10))
        assert {(call.method, call.path) for call in sim.requests} == {
            ("POST", "/storage/auth/token"), ("GET", "/"),
        }  # fmt: skip
        assert sim.ledger.entries == []
        sim.script("N2.500", when="other")
        with pytest.raises(TransientError, match="looking whether the queue answers: HTTP 500"):
            FalProvider(account_of(sim)).probe(a_token(10))


@pytest.mark.parametrize(
    ("name", "step_type", "kind"),
    [
        ("flux_dev", "text_to_image", "image"),
        ("clarity_upscaler", "image_to_image", "image"),
        ("photon_flash", "image_to_image", "image"),
        ("nano_banana_pro_edit", "image_to_image", "image"),
        ("kling_2_6_pro", "image_to_video", "video"),
        ("hailuo_pro", "text_to_video", "video"),
    ],
)
def test_every_shape_of_result_is_understood(name: str, step_type: str, kind: str, tmp_path: Path) -> None:
    """Lists of pictures, one picture, a video: by what the catalogue says."""
    media = (a_picture(tmp_path),) if step_type.startswith("image_") else ()
    with FAL.simulate() as sim:
        made = run(sim, tmp_path, name, step_type, media=media)
        body = sim.calls("order")[0].json()
    assert [file.kind for file in made.files] == [kind]
    assert made.notes["endpoint"] == model_of(name, step_type).entry["endpoint"]
    assert body["prompt"] == "a cat"
    if media:
        port = next(value for field, value in body.items() if field.endswith(("image_url", "image_urls")))
        assert str(port).lstrip("['").startswith("data:image/png;base64,")


@pytest.mark.parametrize(("size", "shape"), [((1024, 576), "16:9"), ((700, 1000), "3:4"), ((None, 0), "1:1")])
def test_an_edit_keeps_the_shape_of_its_picture(size: tuple[Any, Any], shape: str, tmp_path: Path) -> None:
    """Photon must be told a shape; unless the file says one, it is that of the input."""
    picture = a_picture(tmp_path)
    facts = {"width": size[0], "height": size[1]}
    before = Output("image", (MediaFile("image", picture, 9, "", facts),))
    request = request_for(tmp_path, "photon_flash", "image_to_image")._replace(media=(before,))
    with FAL.simulate() as sim:
        FAL.adapt(sim).run(request, a_token(10))
        assert sim.calls("order")[0].json()["aspect_ratio"] == shape


def test_shots_are_told_in_place_of_the_prompt(tmp_path: Path) -> None:
    """The run's input is no prompt where the film is told shot by shot."""
    with FAL.simulate() as sim:
        shots = [{"prompt": "a wave", "duration": "3"}]
        run(sim, tmp_path, "kling_3_pro", "text_to_video", multi_prompt=shots)
        assert sim.calls("order")[0].json() == {"multi_prompt": shots}


def test_a_large_file_is_uploaded_once_and_named(tmp_path: Path) -> None:
    """Two calls: fal tells where, with the key; the bytes go there, without it. A second step names it."""
    picture = a_picture(tmp_path, 400)
    with FAL.simulate() as sim:
        adapter = FalProvider(account_of(sim))
        for _ in range(2):
            request = request_for(tmp_path, "photon_flash", "image_to_image", media=(picture,))
            adapter.run(request, a_token(10))
        asked, put = sim.calls("upload")
        address = json.loads(sim.calls("order")[1].body)["image_url"]
        assert put.body == picture.read_bytes()
    assert asked.json() == {"file_name": "input.png", "content_type": "image/png"}
    assert asked.query == {"storage_type": "fal-cdn-v3"}
    assert "authorization" in asked.headers
    assert "authorization" not in put.headers
    assert re.match(r"http://.*/media/up-", address)


def test_an_address_is_handed_on_as_it_is(tmp_path: Path) -> None:
    """Fal fetches an https address itself."""
    with FAL.simulate() as sim:
        run(sim, tmp_path, "photon_flash", "image_to_image", media=("https://example.com/a.png",))
        assert sim.calls("order")[0].json()["image_url"] == "https://example.com/a.png"


def test_a_job_is_dropped_there_when_nobody_would_wait_for_it(tmp_path: Path) -> None:
    """The step's time goes along; without one there is no such header."""
    with FAL.simulate() as sim:
        attempt(FAL, sim, tmp_path, token=a_token(20))
        attempt(FAL, sim, tmp_path, token=a_token())
        first, second = (call.headers.get("x-fal-request-timeout") for call in sim.calls("order"))
    assert 18 < float(first or 0) <= 20
    assert second is None


def test_the_key_goes_to_no_other_host(tmp_path: Path) -> None:
    """Addresses of another host in the answer are not followed: those of the account's host are built."""

    def elsewhere(content: Any) -> None:
        for role in ("status", "response", "cancel"):
            content[f"{role}_url"] = f"https://evil.example/{role}"

    with FAL.simulate() as sim:
        sim.script(fault("evil", "order", "foreign addresses", lambda s, c, make: edited(make, elsewhere)))
        made = attempt(FAL, sim, tmp_path)
        assert made.end == "done"
        assert made.trail.job is not None
        assert all(url.startswith(sim.url) for url in made.trail.job.urls.values())


@pytest.mark.parametrize("odd", [7, "", "../../secret", "a b", None, "x" * 200])
def test_an_id_that_is_none_leaves_a_doubt(odd: Any, tmp_path: Path) -> None:
    """What cannot stand in an address is no id."""
    with FAL.simulate() as sim:
        change = fault("odd", "order", "odd id", lambda s, c, make: edited(
            make, lambda content: content.update(request_id=odd)))  # fmt: skip
        sim.script(change)
        assert isinstance(attempt(FAL, sim, tmp_path).error, UnknownOutcome)


def test_a_stream_that_is_not_there_is_asked_for_once(tmp_path: Path) -> None:
    """A gateway without streams: looks instead, and no further try with the next job."""
    with FAL.simulate() as sim:
        sim.script("N5.404", when="stream", times=9)
        adapter = FAL.adapt(sim)
        ends = [attempt(FAL, sim, tmp_path, adapter=adapter).end for _ in range(2)]
        assert ends == ["done", "done"]
        assert len(sim.calls("stream")) == 1


def test_a_silent_stream_is_given_up_for_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that holds the stream back does not hold the step back."""
    monkeypatch.setattr("acp_action.providers.fal.provider._LEAST_PATIENCE", 0.2)
    with FAL.simulate() as sim:
        sim.script("N4.timeout", when="stream")
        made = attempt(FAL, sim, tmp_path, token=a_token(20))
        assert (made.end, len(sim.ledger)) == ("done", 1)


def test_media_and_text_that_a_model_needs_are_asked_for(tmp_path: Path) -> None:
    """Before the order, with what to write."""
    with FAL.simulate() as sim:
        adapter = FAL.adapt(sim)
        with pytest.raises(FatalError, match=r"needs a prompt: give params\.prompt"):
            adapter.run(request_for(tmp_path, "kontext", "image_to_image", text=None, media=("https://a.b/c",)),
                        a_token())  # fmt: skip
        with pytest.raises(FatalError, match="needs image media"):
            adapter.run(request_for(tmp_path, "kontext", "image_to_image"), a_token())
        assert sim.requests == []


@pytest.mark.parametrize(
    ("endpoint", "app"),
    [
        ("fal-ai/flux/schnell", "fal-ai/flux"),
        ("veed/fabric-1.0", "veed/fabric-1.0"),
        ("comfy/me/mine/v2", "comfy/me/mine"),
    ],
)
def test_the_app_is_the_endpoint_s_first_parts(endpoint: str, app: str) -> None:
    """Jobs are kept under it."""
    assert app_of(endpoint) == app


def answer(status: int, body: Any, **headers: str) -> Answer:
    """An answer with this JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, json.dumps(body).encode(), "https://queue.fal.run/x")


@pytest.mark.parametrize(
    ("made", "error"),
    [
        (
            answer(422, {"detail": [{"loc": ["body", "prompt"], "msg": "no", "type": "missing"}]}),
            "FieldError",
        ),
        (answer(422, {"detail": [{"msg": "no", "type": "content_policy_violation"}]}), "PolicyRefusal"),
        (answer(500, {"detail": "x", "error_type": "runner_server_error"}), "TransientError"),
        (answer(504, {"detail": "x", "error_type": "request_timeout"}), "TransientError"),
        (answer(504, {"detail": "x"}, x_fal_request_timeout_type="user"), "CancelledThere"),
        (answer(499, {"detail": "x", "error_type": "client_cancelled"}), "CancelledThere"),
        (answer(400, {"detail": "x", "error_type": "bad_request"}), "FieldError"),
        (answer(404, {"detail": "x"}), "NoneType"),
        (answer(429, {"detail": "x"}), "NoneType"),
        (Answer(502, {}, b"<html>nginx</html>", ""), "NoneType"),
    ],
)
def test_a_job_s_end_is_read_from_its_type(made: Answer, error: str) -> None:
    """By ``type`` and ``error_type``; what a proxy says is no word of the job."""
    assert type(job_error(made)).__name__ == error


def test_a_refusal_names_its_categories() -> None:
    """What a person needs in order to change the prompt."""
    detail = [{"msg": "no", "type": "content_policy_violation", "ctx": {"categories": ["violence"]}}]
    assert "(violence)" in str(FalRules().explain(answer(422, {"detail": detail})))


def test_an_error_in_a_success_is_one() -> None:
    """200 with ``error_type``; it may be billed, so it is not tried again."""
    assert error_inside({"images": []}) is None
    assert "it may be billed" in str(error_inside({"detail": "x", "error_type": "internal_error"}))


@pytest.mark.parametrize(
    "tree", [{}, {"images": None}, {"images": [None, {"url": ""}, {"url": 3}]}, {"images": {}}]
)
def test_results_of_any_shape_are_read_without_a_crash(tree: dict[str, Any]) -> None:
    """What is no address is left out."""
    assert files_in(tree, model_of("flux_dev")) == []

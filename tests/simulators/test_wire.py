"""What the simulators stand on: many connections, bodies of every framing, and an end without traces."""

from __future__ import annotations

import gc
import io
import socket
import threading
from typing import TYPE_CHECKING

import av
import pytest
from PIL import Image

from tests.simulators.client import calling
from tests.simulators.fal import FalSimulator
from tests.simulators.forms import parts
from tests.simulators.latency import Latency
from tests.simulators.media import sample
from tests.simulators.wire import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = "/fal-ai/flux/schnell"
CAT = {"prompt": "a cat"}


def test_300_connections_are_served_side_by_side() -> None:
    """None waits for another."""
    sim = FalSimulator()
    with sim:
        place = ("127.0.0.1", sim.listening.ports["api"])
        clients = [socket.create_connection(place) for _ in range(300)]
        for client in clients:
            client.sendall(b"GET /_sim/ledger HTTP/1.1\r\nHost: x\r\n\r\n")
        answers = [client.recv(4096) for client in clients]
        assert sim.listening.connected == 300
        for client in clients:
            client.close()
    assert {answer[:15] for answer in answers} == {b"HTTP/1.1 200 OK"}


def test_nothing_is_left_of_a_simulator() -> None:
    """No thread, whatever was under way."""
    sim = FalSimulator()
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        call("POST", MODEL, json=CAT)
        hanging = socket.create_connection(("127.0.0.1", sim.listening.ports["api"]))
        hanging.sendall(b"POST /half HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf")
        assert any(thread.name == "simulator" for thread in threading.enumerate())
    hanging.close()
    gc.collect()
    assert not any(thread.name == "simulator" for thread in threading.enumerate())


def test_a_chunked_body_is_read() -> None:
    """As programs send what they stream."""

    def pieces() -> Iterator[bytes]:
        yield b'{"prompt": '
        yield b'"a cat"}'

    sim = FalSimulator()
    with calling(sim, Authorization=f"Key {sim.key}") as call:
        assert call("POST", MODEL, data=pieces()).status_code == 200
        assert call("POST", MODEL, json=CAT).status_code == 200
    assert [c.text for c in sim.requests] == ["a cat", "a cat"]


def test_a_bug_of_a_simulator_comes_out_where_it_is_left() -> None:
    """Else it would look like a fault of the provider."""

    def use() -> None:
        sim = FalSimulator()
        with calling(sim, Authorization=f"Key {sim.key}") as call:
            del sim.queue
            assert call("POST", MODEL, json=CAT).status_code == 500

    with pytest.raises(AttributeError, match="queue"):
        use()


def test_a_form_is_read_field_by_field() -> None:
    """Files with name and type, other fields without."""
    body = (
        b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\none\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
        b"Content-Type: image/png\r\n\r\n"
        b"\x89PNG\r\n\r\n--x--\r\n"
    )
    call = Call(1, "api", "POST", "/", {}, {"content-type": "multipart/form-data; boundary=x"}, body)
    fields = [(part.name, part.file, part.type, part.content) for part in parts(call)]
    assert fields == [("model", "", "", b"one"), ("file", "a.png", "image/png", b"\x89PNG\r\n")]


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_pictures_are_real_and_sized_as_asked(form: str) -> None:
    """Pillow reads them whole."""
    picture = Image.open(io.BytesIO(sample(form, "a cat", (96, 32))))
    picture.load()
    assert (picture.format, picture.size) == (form.upper(), (96, 32))


@pytest.mark.parametrize(("form", "seconds"), [("mp4", 2.0), ("mp3", 1.0), ("wav", 1.0)])
def test_clips_and_sounds_are_real_and_as_long_as_asked(form: str, seconds: float) -> None:
    """Ffmpeg decodes them to the end."""
    with av.open(io.BytesIO(sample(form, "a cat", (64, 48), seconds)), "r") as container:
        assert list(container.decode())
        assert container.duration is not None
        assert container.duration / 1e6 == pytest.approx(seconds, abs=0.15)


@pytest.mark.parametrize("form", ["png", "jpeg", "mp4", "mp3", "wav"])
def test_files_tell_what_they_were_made_for(form: str) -> None:
    """The same bytes for the same text only."""
    assert sample(form, "a cat") == sample(form, "a cat") != sample(form, "a dog")
    assert b"a cat" in sample(form, "a cat")


def test_latencies_belong_to_the_work_and_keep_their_mean() -> None:
    """Not to the order in which they are asked for."""
    latency = Latency(2.0, sigma=0.6, least=0.1)
    drawn = [latency.draw(1, n) for n in range(4000)]
    assert drawn[7] == latency.draw(1, 7)
    assert sum(drawn) / len(drawn) == pytest.approx(2.0, rel=0.05)

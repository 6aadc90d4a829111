from __future__ import annotations

import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.catalogue.step_types import STEP_TYPES
from acp_action.errors import FatalError
from acp_action.providers.base import Source
from acp_action.providers.local import LocalProvider
from tests.providers.making import TONES, ManualToken, a_clip, a_picture, ask, make, model_of

if TYPE_CHECKING:
    from pathlib import Path

    from acp_action.providers.base import Provider

SMALL_FILM: dict[str, Any] = {"model": "local", "width": 64, "height": 48, "duration": 0.2}


def in_process(code: str) -> str:
    """What a fresh interpreter prints."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def run_any(folder: Path, number: int) -> bytes:
    """One of five small steps; its file's bytes."""
    folder = folder / str(number)
    folder.mkdir()
    picture = a_picture(folder / "in.png")
    kind = number % 5
    steps: list[tuple[str, str | None, list[Path], dict[str, Any]]] = [
        ("text_to_image", "a cat", [], {"width": 64, "height": 48}),
        ("image_to_image", "darker", [picture], {}),
        ("image_to_video", None, [picture], SMALL_FILM),
        ("text_to_speech", "hello there", [], {}),
        ("split_image", None, [picture], {}),
    ]
    step_type, text, media, params = steps[kind]
    return make(folder, step_type, text, *media, **params).files[0].path.read_bytes()


def test_it_is_a_provider() -> None:
    """It satisfies the protocol that the engine knows."""
    provider: Provider = LocalProvider()
    assert provider.name == "local"


@pytest.mark.parametrize("step_type", STEP_TYPES)
def test_every_step_type_is_made(tmp_path: Path, step_type: str) -> None:
    """Each step type gives what it promises, free of charge, with notes that say by whom."""
    kind = STEP_TYPES[step_type]
    media = {"video": [a_clip(tmp_path / "a.mp4", seconds=0.2)], "image": [a_picture(tmp_path / "a.png")]}
    given = media[kind.media.rstrip("s")] if kind.media else []
    params: dict[str, Any] = SMALL_FILM if step_type.endswith("_to_video") else {}
    product = make(tmp_path, step_type, "words", *given, **params)
    assert product.kind == kind.makes
    assert product.cost == 0.0
    assert product.notes["provider"] == "local"
    assert all(file.path.stat().st_size > 0 for file in product.files)
    assert (product.text is not None) == (kind.makes == "text")


def test_importing_it_loads_neither_pillow_nor_ffmpeg() -> None:
    """Checks and plans are made without the weight of what draws and encodes."""
    code = (
        "import sys; from acp_action.providers.local import LocalProvider\n"
        "from acp_action.catalogue.models import catalogue\n"
        "m = catalogue().default_model('text_to_image')\n"
        "list(LocalProvider().check('text_to_image', m, {'prompt': 'x'}, preview=True))\n"
        "LocalProvider().expected_seconds('text_to_image', m, {})\n"
        "print(sorted({n.partition('.')[0] for n in sys.modules} & {'PIL', 'av', 'numpy', 'subprocess'}))"
    )
    assert in_process(code) == "[]"


def test_first_use_from_many_threads_is_safe() -> None:
    """Pillow and PyAV are loaded once, whoever comes first."""
    code = (
        "import tempfile; from pathlib import Path; from concurrent.futures import ThreadPoolExecutor\n"
        "from tests.providers.test_local import run_any\n"
        "folder = Path(tempfile.mkdtemp())\n"
        "with ThreadPoolExecutor(10) as pool:\n"
        "    print(len([f for f in pool.map(lambda n: run_any(folder, n), range(10)) if f]))"
    )
    assert in_process(code) == "10"


def test_thirty_two_threads_make_what_one_makes(tmp_path: Path) -> None:
    """Concurrency changes no byte of any file."""
    with ThreadPoolExecutor(32) as pool:
        made = list(pool.map(lambda n: run_any(tmp_path, n), range(64)))
    for kind in range(5):
        assert len({made[n] for n in range(64) if n % 5 == kind}) == 1


def test_a_url_is_refused(tmp_path: Path) -> None:
    """Nothing is fetched from the network."""
    source = Source("image", url="https://example.com/a.png")
    request = ask(tmp_path, "image_to_image", "x")._replace(media=(source,))
    with pytest.raises(FatalError, match=r"the embedded provider fetches nothing from the network"):
        TONES.run(request, ManualToken())


def test_missing_media_is_told(tmp_path: Path) -> None:
    """A request without what its type works on ends in words."""
    with pytest.raises(FatalError, match=r"split_image got no image to work on"):
        make(tmp_path, "split_image")


def test_parameters_are_checked_again_when_templates_are_filled_in(tmp_path: Path) -> None:
    """What a template brings in is judged like what stands in the file."""
    with pytest.raises(
        FatalError, match=r"params: width: 'wide' is not a whole number; write a whole number"
    ):
        make(tmp_path, "text_to_image", "x", width="wide")


def test_a_full_disk_is_told_in_words(tmp_path: Path) -> None:
    """Each maker's file that cannot grow ends the step with the system's reason, not with a traceback."""
    picture = a_picture(tmp_path / "in.png")
    steps: list[tuple[str, list[Path], dict[str, Any]]] = [
        ("text_to_image", [], {}),
        ("text_to_speech", [], {}),
        ("image_to_video", [picture], {"duration": 5, "fps": 2, "model": "local"}),
    ]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        for step_type, media, params in steps:
            with pytest.raises(FatalError, match=r"^cannot (make the output|write '.*'): File too large"):
                make(tmp_path, step_type, "some words to be said", *media, **params)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_checking_a_step_is_quick() -> None:
    """Ten thousand steps are checked within the time that planning has for them."""
    provider, model = LocalProvider(), model_of("text_to_image")
    params: dict[str, Any] = {"prompt": "a cat", "seed": 1, "delay": 2.3}
    profile = sys.getprofile()
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        assert list(provider.check("text_to_image", model, params, preview=True)) == []
    finally:
        sys.setprofile(profile)
    assert calls < 400

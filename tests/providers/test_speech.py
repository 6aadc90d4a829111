from __future__ import annotations

import os
import sys
import threading
import wave
from typing import TYPE_CHECKING, Any

import pytest

from acp_action.errors import Cancelled, FatalError
from acp_action.providers.local import LocalProvider
from acp_action.providers.local.tones import syllables
from tests.providers.making import TONES, ManualToken, ask, make

if TYPE_CHECKING:
    from pathlib import Path

FABLE = (
    "Once upon a time a little lighthouse stood at the end of the world. Every night it counted the ships, "
    "one by one, and wished them a quiet journey home. Nobody had ever asked how it was feeling; nobody but "
    "the wind, who came from far away and told it stories about mountains."
)
SPEAKER = """#!{python}
import sys, wave
text = sys.stdin.buffer.read().decode()
assert sys.argv[-2:] == ["--stdin", "--"], sys.argv
{body}
with wave.open(sys.argv[sys.argv.index("-w") + 1], "wb") as file:
    file.setnchannels(1); file.setsampwidth(2); file.setframerate(16000)
    file.writeframes(bytes(2 * 160 * len(text)))
"""


def heard(path: Path) -> tuple[float, int, int, bytes]:
    """Seconds, samples a second, channels and samples of a WAV file."""
    with wave.open(str(path)) as file:
        samples = file.readframes(file.getnframes())
        return file.getnframes() / file.getframerate(), file.getframerate(), file.getnchannels(), samples


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str = "") -> None:
    """Put a program called espeak-ng onto the PATH, and nothing else."""
    program = folder / "bin" / "espeak-ng"
    program.parent.mkdir()
    program.write_text(SPEAKER.format(python=sys.executable, body=body))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))


def test_speech_lasts_as_long_as_reading_aloud(tmp_path: Path) -> None:
    """Tones keep the pace of 150 to 180 words a minute, pauses included."""
    path = make(tmp_path, "text_to_speech", FABLE).files[0].path
    assert 150 <= len(FABLE.split()) / heard(path)[0] * 60 <= 180


def test_twice_the_text_takes_twice_the_time(tmp_path: Path) -> None:
    """The length follows the text."""
    once, twice = (
        heard(make(tmp_path, "text_to_speech", t).files[0].path)[0] for t in (FABLE, f"{FABLE} {FABLE}")
    )
    assert twice == pytest.approx(2 * once, rel=0.02)


@pytest.mark.parametrize(
    ("params", "factor"),
    [({"speed": 2}, 0.5), ({"speed": "0.5"}, 2.0), ({"voice_settings": {"speed": 1.2}}, 1 / 1.2),
     ({"voice_settings.speed": 0.8}, 1.25)],
)  # fmt: skip
def test_speed_changes_the_length(tmp_path: Path, params: dict[str, Any], factor: float) -> None:
    """The embedded provider's speed and the model's own both count."""
    plain, changed = (
        heard(make(tmp_path, "text_to_speech", FABLE, **p).files[0].path)[0] for p in ({}, params)
    )
    assert changed == pytest.approx(plain * factor, rel=0.02)


def test_facts_are_what_the_file_holds(tmp_path: Path) -> None:
    """Length, rate, channels and engine are told; there is sound in it, and no sample is clipped."""
    product = make(tmp_path, "text_to_speech", "Hello there.")
    (file,) = product.files
    seconds, rate, channels, samples = heard(file.path)
    assert dict(file.facts) == {"duration": round(seconds, 3), "sample_rate": rate, "channels": channels,
                                "engine": "tones", "format": "WAV"}  # fmt: skip
    assert product.notes["engine"] == "tones"
    assert 3000 < max(abs(v) for v in memoryview(samples).cast("h")) < 32_000


def test_the_same_text_sounds_the_same(tmp_path: Path) -> None:
    """Tones are a function of the text; another text sounds different."""
    one, two, other = (
        make(tmp_path, "text_to_speech", t).files[0].path.read_bytes() for t in ("a b", "a b", "c d")
    )
    assert one == two != other


@pytest.mark.parametrize(
    ("word", "count"), [("cat", 1), ("table", 2), ("lighthouse", 2), ("Schifffahrt", 2), ("hmm", 1),
    ("2026", 5),
                        ("东京", 2), ("привет", 2)],
)  # fmt: skip
def test_syllables_are_counted_by_script(word: str, count: int) -> None:
    """Latin, Cyrillic, digits and ideographs all take their time."""
    assert syllables(word) == count


@pytest.mark.parametrize("text", ["…", "?!", " - ", "!\ud800"])
def test_a_text_without_words_is_a_pause(tmp_path: Path, text: str) -> None:
    """Punctuation alone makes a short silence, not an error."""
    assert 0 < heard(make(tmp_path, "text_to_speech", text).files[0].path)[0] < 1


def test_too_long_a_text_is_refused(tmp_path: Path) -> None:
    """A preview takes no more than the model does."""
    with pytest.raises(FatalError, match="the text has 10001 characters, and elevenlabs takes 10000"):
        make(tmp_path, "text_to_speech", "x" * 10_001)


def test_espeak_speaks_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real voice is preferred, gets the text whatever it begins with, and the result says so."""
    install(tmp_path, monkeypatch)
    text = "--help me; $(rm -rf) \x00"
    product = LocalProvider().run(ask(tmp_path, "text_to_speech", text), ManualToken())
    assert product.notes["engine"] == "espeak-ng"
    assert product.files[0].facts["engine"] == "espeak-ng"
    assert product.files[0].facts["sample_rate"] == 16_000
    assert product.files[0].facts["duration"] == len(text) / 100


def test_tones_can_be_forced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the caller or by the file, speech can be the same on every machine."""
    install(tmp_path, monkeypatch)
    by_caller = make(tmp_path, "text_to_speech", "hello")
    by_file = LocalProvider().run(ask(tmp_path, "text_to_speech", "hello", engine="tones"), ManualToken())
    assert by_caller.notes["engine"] == by_file.notes["engine"] == "tones"


def test_espeak_asked_for_and_missing_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other voice is put in its place silently."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        FatalError, match=r"espeak-ng is not installed here; install it, or use engine: tones"
    ):
        TONES.run(ask(tmp_path, "text_to_speech", "hello", engine="espeak-ng"), ManualToken())


def test_a_failing_espeak_is_told_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program's own words reach the message."""
    install(tmp_path, monkeypatch, "sys.exit('no such voice')")
    with pytest.raises(FatalError, match=r"espeak-ng ended with code 1: no such voice"):
        LocalProvider().run(ask(tmp_path, "text_to_speech", "hello"), ManualToken())


def test_an_espeak_that_writes_nothing_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that ends well without a file has still failed."""
    install(tmp_path, monkeypatch, "sys.exit(0)")
    with pytest.raises(FatalError, match=r"espeak-ng wrote no audio"):
        LocalProvider().run(ask(tmp_path, "text_to_speech", "hello"), ManualToken())


def test_a_stop_kills_espeak_and_what_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that hangs is ended with its whole group."""
    note = tmp_path / "pids"
    body = (
        "import os, subprocess\n"
        f"child = subprocess.Popen([{sys.executable!r}, '-c', 'import signal; signal.pause()'])\n"
        f"open({str(note)!r} + '.new', 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        f"os.rename({str(note)!r} + '.new', {str(note)!r})\n"
        "import signal; signal.pause()"
    )
    install(tmp_path, monkeypatch, body)

    class Patient(ManualToken):
        def check(self) -> None:
            if note.exists():
                raise Cancelled("told to stop")

    with pytest.raises(Cancelled):
        LocalProvider().run(ask(tmp_path, "text_to_speech", "hello"), Patient())
    # A killed process is gone when the system gets to it, not when the call returns.
    assert [ends(int(pid)) for pid in note.read_text().split()] == [True, True]


def ends(pid: int) -> bool:
    """Whether a process is over, at the latest in ten seconds."""
    pause = threading.Event()
    for _ in range(1000):
        if not is_running(pid):
            return True
        pause.wait(0.01)
    return False


def is_running(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be collected."""
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_a_stop_ends_the_tones(tmp_path: Path) -> None:
    """A long text is left in the middle."""
    token = ManualToken(cancel_at=50)
    with pytest.raises(Cancelled):
        TONES.run(ask(tmp_path, "text_to_speech", FABLE * 20), token)
    assert token.checks == 50

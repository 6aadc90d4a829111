"""Ctrl-C and SIGTERM against the real program: quick, in order, and nothing that was finished is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from acp_action.cli.signals import Signals
from tests.cli.programs import SLOW, Running, environment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a pipeline that would take two minutes."""
    (tmp_path / "p.yaml").write_text(SLOW)
    return tmp_path


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_the_run_and_keeps_what_was_finished(folder: Path, number: int, code: int) -> None:
    """X1, X2: within two seconds the process is gone; outputs, manifest and report of the rest are there."""
    with Running("run-chain", "-c", "p.yaml", "--json", cwd=folder) as program:
        program.until("Started: slow_2")
        program.process.send_signal(number)
        sent = time.monotonic()
        ended, out, err = program.end()
    assert time.monotonic() - sent < 2.0
    assert ended == code
    assert json.loads(out)["exit_code"] == code
    assert "Traceback" not in err
    manifest = json.loads((folder / "output/manifest.json").read_text())
    assert [record["file"] for record in manifest["outputs"]] == ["quick.png"]
    statuses = {step["name"]: step["status"] for step in json.loads(out)["report"]["steps"]}
    assert statuses == {
        "quick": "succeeded",
        "slow_1": "cancelled",
        "slow_2": "cancelled",
        "never": "skipped",
    }
    assert json.loads((folder / "output/report.json").read_text())["stopped"]


STUBBORN = """
import os, signal, threading
from acp_action.cli.signals import Signals
heard = threading.Event()
with Signals() as signals:
    signals.switch.attach(lambda _reason: heard.set())
    os.kill(os.getpid(), signal.SIGINT)
    heard.wait(30)
    print(signals.switch.reason, signals.number, flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(60)
"""


def test_a_second_signal_ends_the_process_at_once() -> None:
    """X4: the first signal throws the switch and no more; the second one waits for nothing."""
    done = subprocess.run(
        [sys.executable, "-c", STUBBORN], env=environment(), capture_output=True, check=False, timeout=30
    )
    assert (done.returncode, done.stdout) == (143, b"interrupted (Ctrl-C) 2\n")
    assert done.stderr == b"ended at once, without a report; run the same command again to go on from here\n"


def test_on_a_terminal_a_second_signal_leaves_it_clean() -> None:
    """The cursor is back, and what the terminal wrote for the key is wiped before the last words."""
    ours, theirs = os.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        command = [sys.executable, "-c", STUBBORN]
        subprocess.run(
            command, env=environment(), stdout=subprocess.DEVNULL, stderr=theirs, timeout=30, check=False
        )
        os.close(theirs)
        assert terminal.read(4096).startswith(b"\x1b[?25h\r\x1b[Jended at once, without a report; ")


ELSEWHERE = """
import signal, threading
from queue import SimpleQueue
from acp_action.cli.signals import Signals

def end_myself():
    # Until the main thread sleeps; were it later, the test would prove less, and not fail.
    threading.Event().wait(0.5)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

told = SimpleQueue()
with Signals() as signals:
    signals.switch.attach(told.put)
    threading.Thread(target=end_myself).start()
    print(told.get(timeout=60))
"""


def test_a_signal_is_heard_while_the_main_thread_sleeps() -> None:
    """X2: a signal that finds another thread, or a main thread about to sleep in a lock, ends that sleep."""
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE], env=environment(), capture_output=True, check=False, timeout=30
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"ended by SIGTERM\n", b"")


def test_signals_that_are_ignored_stay_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nohup or a shell's background job ignores, the program ignores; afterwards all is as before."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Signals():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_single_step_can_be_interrupted_too(tmp_path: Path) -> None:
    """One-step commands end as quickly, and leave no half a file."""
    words = ("generate-image", "a cat", "--provider", "local", "--param", "delay=60")
    with Running(*words, cwd=tmp_path) as program:
        program.until("Started")
        program.process.send_signal(signal.SIGINT)
        code, out, _ = program.end()
    assert (code, out) == (130, "")
    assert list((tmp_path / "output").iterdir()) == []

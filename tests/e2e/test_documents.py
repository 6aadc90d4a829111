"""What README and docs show of workflows and of Docker works as it stands there."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.e2e.acting import TOP, act, needs_act
from tests.e2e.containers import IMAGE, client, needs_image
from tests.guide.real_models import services, variables

if TYPE_CHECKING:
    from pathlib import Path

README = (TOP / "README.md").read_text("utf-8")
SHOWN = README + (TOP / "docs/action.md").read_text("utf-8")
PIPELINE, WORKFLOW = re.findall(r"^```yaml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)[:2]
COMMANDS = sorted(set(re.findall(r"^\$ (docker run .*)$", SHOWN, re.MULTILINE)))


class TestDocker:
    """With the image."""

    pytestmark = needs_image

    @pytest.mark.parametrize("command", COMMANDS)
    def test_commands_work(self, command: str, tmp_path: Path) -> None:
        """Each ``docker run`` succeeds with the README's pipeline, typed as it is shown.

        But for where the services are, which are simulated: addresses and this machine's network are put in.
        """
        (tmp_path / "pipeline.yaml").write_text(PIPELINE, "utf-8")
        typed = re.sub(r" acp-action(?= |$)", f" {IMAGE}", command)
        with services("fal", "gemini") as running:
            given = variables(running)
            places = " ".join(f"-e {name}" for name in given if name.startswith("ACP_"))
            typed = typed.replace("docker run --rm", f"docker run --rm --network host {places}")
            done = subprocess.run(
                ["sh", "-c", typed], cwd=tmp_path, env=client() | given, capture_output=True, text=True,
                check=False,
            )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert ("INPUT_CONFIG" in command) == (tmp_path / "output/report.md").is_file()


class TestAct:
    """With a runner."""

    pytestmark = needs_act

    def test_the_readmes_workflow_works(self, tmp_path: Path) -> None:
        """Copied into a repository with a pipeline it runs, and its last line shows what the outputs hold.

        With the keys taken out and the previews put in their place, as its own comment offers.
        """
        text = WORKFLOW.replace("acp-action/acp-action@v0", "./")
        text, keys = re.subn(r"^ *\S+-key: \$\{\{.*\n", "", text, flags=re.MULTILINE)
        text, previews = re.subn(r"^( *)# (provider: local)", r"\1\2", text, flags=re.MULTILINE)
        assert (keys, previews) == (2, 1)
        text = re.sub(r"^on:\n(?:  .*\n)+", "on: push\n", text, flags=re.MULTILINE)
        run = act("readme", tmp_path, text, {"pipeline.yaml": PIPELINE})
        assert run.code == 0, run.log
        assert re.search(r"^[\d.]+ times as fast, see https?://\S+/artifacts/\d+$", run.log, re.MULTILINE)

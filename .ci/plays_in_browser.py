"""Opens media files in headless Chromium and proves that it plays them: ``plays_in_browser.py FILE…``.

Ends with 1 and says why when a file has no length, no picture or does not play.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PAGE = """<!doctype html><meta charset=utf-8><title>media</title>
%s
<pre id=facts></pre>
<script>
const all = [...document.querySelectorAll('video')];
const facts = v => ({duration: v.duration, width: v.videoWidth, height: v.videoHeight,
                     played: v.currentTime, error: v.error && v.error.message});
const tell = () => document.getElementById('facts').textContent = JSON.stringify(all.map(facts));
for (const v of all)
  for (const event of ['loadedmetadata', 'timeupdate', 'ended', 'error']) v.addEventListener(event, tell);
tell();
</script>
"""
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required", "--virtual-time-budget=20000",
)  # fmt: skip


def look(files: list[Path]) -> list[dict[str, Any]]:
    """What the browser found out about each file while it played: lengths in seconds, sizes in pixels."""
    browser = shutil.which("chromium") or shutil.which("google-chrome") or sys.exit("no Chromium here")
    tags = (f'<video src="{html.escape(f.resolve().as_uri())}" muted autoplay></video>' for f in files)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        page.write_text(PAGE % "\n".join(tags), encoding="utf-8")
        command = [browser, *FLAGS, f"--user-data-dir={folder}/profile", "--dump-dom", page.as_uri()]
        run = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=True
        )
    found = re.search(r'<pre id="facts">(.*?)</pre>', run.stdout, re.DOTALL)
    return list(json.loads(html.unescape(found.group(1)))) if found else sys.exit(f"no page:\n{run.stderr}")


def main() -> None:
    """Print a line for each file; end with 1 when one does not play."""
    files = [Path(name) for name in sys.argv[1:]]
    bad = False
    for file, facts in zip(files, look(files), strict=True):
        plays = facts["duration"] and facts["played"] and facts["error"] is None
        whole = plays and (file.suffix != ".mp4" or facts["width"])
        bad = bad or not whole
        print(f"{file.name}: {'plays' if whole else 'does NOT play'} {json.dumps(facts)}")
    sys.exit(bad)


if __name__ == "__main__":
    main()

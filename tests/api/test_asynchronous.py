"""AsyncAIPipelineManager: the loop stays free, and cancelling a task ends its work."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from acp_action import AsyncAIPipelineManager, ConfigError, StopSwitch
from acp_action.events import Event, StepStarted

if TYPE_CHECKING:
    from pathlib import Path

SLOW: dict[str, Any] = {
    "steps": [
        {"name": "quick", "type": "text_to_image", "params": {"prompt": "a cat"}},
        {"name": "slow", "type": "text_to_image", "params": {"prompt": "a dog", "delay": 60}},
    ]
}


@pytest.fixture
def manager(in_tmp: Path) -> AsyncAIPipelineManager:
    """A manager of previews, in the test's own folder."""
    return AsyncAIPipelineManager(provider="local")


def test_eight_calls_at_once(manager: AsyncAIPipelineManager) -> None:
    """asyncio.gather of eight calls runs them side by side, and gives eight files."""

    async def generate() -> list[Any]:
        return await asyncio.gather(*(manager.generate_image(f"a cat {n}", delay=0.3) for n in range(8)))

    begin = time.monotonic()
    results = asyncio.run(generate())
    # One after another they could not be quicker than the sum of what each took.
    assert time.monotonic() - begin < sum(result.duration for result in results)
    assert len({result.output_path for result in results if result.success}) == 8


def test_a_pipeline_is_awaited(manager: AsyncAIPipelineManager) -> None:
    """run_pipeline gives what the plain manager gives."""
    results = asyncio.run(manager.run_pipeline({"steps": SLOW["steps"][:1]}))
    assert results.success
    assert results["quick"].output_path


def test_every_call_is_awaited(manager: AsyncAIPipelineManager) -> None:
    """Each method gives what the plain manager's gives, and takes what a call before gave."""

    async def make() -> list[Any]:
        image = await manager.generate_image("a cat")
        calls = (
            manager.image_to_image(image, "sepia"),
            manager.image_to_video(image, model="local", duration=1),
            manager.text_to_video("waves", model="local", duration=1),
            manager.text_to_speech("hello"),
            manager.analyze_image(image),
        )
        return list(await asyncio.gather(*calls))

    results = asyncio.run(make())
    assert [r.output.kind for r in results if r.output] == ["image", "video", "video", "audio", "text"]


def test_errors_come_out_where_they_are_awaited(manager: AsyncAIPipelineManager) -> None:
    """A wrong pipeline raises in the task that asked for it."""
    with pytest.raises(ConfigError):
        asyncio.run(manager.run_pipeline({"steps": [{"type": "nonsense"}]}))


def test_cancelling_a_task_ends_its_run(manager: AsyncAIPipelineManager, in_tmp: Path) -> None:
    """The run stops within a second or two, and what was finished is on disk before the task is gone."""

    async def cancel() -> float:
        loop, started = asyncio.get_running_loop(), asyncio.Event()

        def listen(event: Event) -> None:
            if isinstance(event, StepStarted) and event.step == "slow":
                loop.call_soon_threadsafe(started.set)

        task = asyncio.create_task(manager.run_pipeline(SLOW, listeners=[listen]))
        await started.wait()
        task.cancel()
        begin = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - begin

    assert asyncio.run(cancel()) < 2.0
    manifest = json.loads((in_tmp / "output/manifest.json").read_text())
    assert [record["step"] for record in manifest["outputs"]] == ["quick"]
    assert manifest["stopped"] == "the task was cancelled"


def test_a_call_that_waits_for_a_thread_can_be_cancelled(
    manager: AsyncAIPipelineManager, in_tmp: Path
) -> None:
    """A task whose call has not begun ends at once, and nothing is made for it."""

    async def cancel() -> list[bool]:
        stop = StopSwitch()
        calls = (manager.generate_image(f"a cat {n}", delay=60, stop=stop) for n in range(40))
        tasks = [asyncio.create_task(call) for call in calls]
        await asyncio.sleep(0)
        tasks[-1].cancel()
        await asyncio.wait(tasks[-1:])
        gone = [task.done() for task in (tasks[0], tasks[-1])]
        stop.stop("enough")
        await asyncio.wait(tasks)
        return gone

    assert asyncio.run(cancel()) == [False, True]


def test_a_timeout_of_asyncio_ends_the_call(manager: AsyncAIPipelineManager) -> None:
    """Time limits of asyncio work, because they cancel."""

    async def late() -> None:
        await asyncio.wait_for(manager.generate_image("a cat", delay=60), timeout=0.05)

    with pytest.raises(TimeoutError):
        asyncio.run(late())


def test_the_manager_is_a_context(in_tmp: Path) -> None:
    """``async with`` lets the threads go at the end."""

    async def use() -> AsyncAIPipelineManager:
        async with AsyncAIPipelineManager(provider="local") as manager:
            await manager.generate_image("a cat")
        return manager

    closed = asyncio.run(use())
    with pytest.raises(RuntimeError, match="after shutdown"):
        asyncio.run(closed.generate_image("a dog"))

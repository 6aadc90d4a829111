"""AsyncAIPipelineManager: the same calls, awaited; a thin door to the one engine, which runs in threads."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from acp_action.api.sync import AIPipelineManager
from acp_action.engine.cancel import StopSwitch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from acp_action.api.run import PipelineResult
    from acp_action.api.single import Media
    from acp_action.config.model import PipelineConfig
    from acp_action.engine.result import StepResult
    from acp_action.events import Listener

T = TypeVar("T")

# Calls of one instance that run at once; more wait their turn. Each is a thread that mostly waits.
_CALLS_AT_ONCE: Final = 32


class AsyncAIPipelineManager:
    """AIPipelineManager for asyncio: the same arguments and results, and nothing blocks the loop.

    Cancelling a task stops its run as Ctrl-C would, and waits until what was finished is on disk. At most 32
    calls of one instance run at once. ``async with`` lets its threads go at the end; so does the garbage
    collector.
    """

    def __init__(
        self,
        parallel: bool | None = None,
        *,
        max_workers: int | None = None,
        provider: str | None = None,
        output_dir: str | Path | None = None,
        timeout: float | None = None,
        log_level: str | None = None,
        allow_env: Sequence[str] = (),
        workspace: str | Path | None = None,
        keys: Mapping[str, str] | None = None,
    ) -> None:
        self._manager = AIPipelineManager(
            parallel,
            max_workers=max_workers,
            provider=provider,
            output_dir=output_dir,
            timeout=timeout,
            log_level=log_level,
            allow_env=allow_env,
            workspace=workspace,
            keys=keys,
        )
        self._pool = ThreadPoolExecutor(_CALLS_AT_ONCE, thread_name_prefix="acp-async")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def run_pipeline(
        self,
        config: str | Path | Mapping[str, Any] | PipelineConfig,
        input_text: str | None = None,
        parallel: bool | None = None,
        *,
        max_workers: int | None = None,
        provider: str | None = None,
        output_dir: str | Path | None = None,
        steps: Sequence[str] = (),
        listeners: Sequence[Listener] = (),
        stop: StopSwitch | None = None,
        fresh: bool = False,
        resubmit_doubtful: bool = False,
    ) -> PipelineResult:
        """As ``AIPipelineManager.run_pipeline``; listeners are called on the run's thread."""
        return await self._in_thread(
            self._manager.run_pipeline,
            stop,
            config,
            input_text,
            parallel,
            max_workers=max_workers,
            provider=provider,
            output_dir=output_dir,
            steps=steps,
            listeners=listeners,
            fresh=fresh,
            resubmit_doubtful=resubmit_doubtful,
        )

    async def generate_image(
        self,
        prompt: str,
        *,
        model: str | None = None,
        name: str | None = None,
        stop: StopSwitch | None = None,
        **params: Any,
    ) -> StepResult:
        """As ``AIPipelineManager.generate_image``."""
        call = self._manager.generate_image
        return await self._in_thread(call, stop, prompt, model=model, name=name, **params)

    async def image_to_image(
        self,
        image: Media,
        prompt: str | None = None,
        *,
        model: str | None = None,
        name: str | None = None,
        stop: StopSwitch | None = None,
        **params: Any,
    ) -> StepResult:
        """As ``AIPipelineManager.image_to_image``."""
        call = self._manager.image_to_image
        return await self._in_thread(call, stop, image, prompt, model=model, name=name, **params)

    async def image_to_video(
        self,
        image: Media,
        prompt: str | None = None,
        *,
        model: str | None = None,
        name: str | None = None,
        stop: StopSwitch | None = None,
        **params: Any,
    ) -> StepResult:
        """As ``AIPipelineManager.image_to_video``."""
        call = self._manager.image_to_video
        return await self._in_thread(call, stop, image, prompt, model=model, name=name, **params)

    async def text_to_video(
        self,
        prompt: str,
        *,
        model: str | None = None,
        name: str | None = None,
        stop: StopSwitch | None = None,
        **params: Any,
    ) -> StepResult:
        """As ``AIPipelineManager.text_to_video``."""
        call = self._manager.text_to_video
        return await self._in_thread(call, stop, prompt, model=model, name=name, **params)

    async def text_to_speech(
        self,
        text: str,
        *,
        model: str | None = None,
        name: str | None = None,
        stop: StopSwitch | None = None,
        **params: Any,
    ) -> StepResult:
        """As ``AIPipelineManager.text_to_speech``."""
        call = self._manager.text_to_speech
        return await self._in_thread(call, stop, text, model=model, name=name, **params)

    async def analyze_image(
        self,
        image: Media,
        prompt: str | None = None,
        *,
        model: str | None = None,
        name: str | None = None,
        stop: StopSwitch | None = None,
        **params: Any,
    ) -> StepResult:
        """As ``AIPipelineManager.analyze_image``."""
        call = self._manager.analyze_image
        return await self._in_thread(call, stop, image, prompt, model=model, name=name, **params)

    async def _in_thread(
        self, function: Callable[..., T], stop: StopSwitch | None, *args: Any, **kwargs: Any
    ) -> T:
        switch = stop or StopSwitch()
        work = self._pool.submit(partial(function, *args, stop=switch, **kwargs))
        waiting = asyncio.wrap_future(work)
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            switch.stop("the task was cancelled")
            if not work.cancel():
                # It ends within a second or two, with its results on disk; a task that is gone leaves nothing
                # running. Cancelling a second time does not wait.
                await asyncio.wait({waiting})
            raise

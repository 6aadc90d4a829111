"""AIPipelineManager: pipelines and single steps from Python, from any number of threads at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acp_action.api.accounts import open_accounts
from acp_action.api.prepare import Wishes, make_ready, plan_pipeline
from acp_action.api.run import carry_out
from acp_action.api.single import Call, run_call
from acp_action.config.cascade import Overrides
from acp_action.progress.log import LogLines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acp_action.api.run import PipelineResult
    from acp_action.api.single import Media
    from acp_action.config.model import PipelineConfig
    from acp_action.engine.cancel import StopSwitch
    from acp_action.engine.result import StepResult
    from acp_action.events import Listener


class AIPipelineManager:
    """Runs pipelines and single steps. One may be used by many threads; limits are shared by the process.

    What is given here wins over the environment and over the pipeline file; None leaves it to them.

    ``parallel``: whether groups run concurrently. ``max_workers``: a hard cap on what runs at once in a
    pipeline. ``provider``: force one provider, ``local`` for previews without keys and cost. ``output_dir``:
    where files go (default: what the file says, else ``output``). ``timeout``: seconds for one operation.
    ``log_level``: from which level on progress is logged to the ``acp_action.run`` logger. ``allow_env``:
    variables that templates may read. ``workspace``: the folder of media files that a pipeline names.
    ``keys``: providers' keys by provider name, as in ``{"fal": "…"}``; the others are read from the
    environment now (``FAL_KEY`` and so on, see docs/providers.md). Raises UsageError for what is no key.
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
        self._wishes = Wishes(
            overrides=Overrides(
                parallel=parallel,
                max_workers=max_workers,
                provider=provider,
                output_dir=None if output_dir is None else str(output_dir),
                timeout=timeout,
                log_level=log_level,
            ),
            allow_env=tuple(allow_env),
            workspace=None if workspace is None else Path(workspace),
        )
        self._providers = open_accounts(keys=keys)

    def run_pipeline(
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
        """Run a pipeline to its end; a step that fails is a result, not an exception.

        ``config``: the path of a file, a mapping, or a PipelineConfig. ``input_text``: what
        ``{{input}}`` stands for. ``steps``: carry out these and what they need, nothing else. ``listeners``
        hear every event. ``stop``: ends the run from any thread. ``fresh``: what an earlier run in the same
        folder paid for is not used again. ``resubmit_doubtful``: paid requests of an earlier run, of which
        nobody knows what became, are sent again. The rest as in the class, for this run.

        Raises ConfigError with all problems of the pipeline, UsageError for an argument, MissingKeyError and
        OutputError for what is missing around it; all of them before anything runs.
        """
        overrides = _overridden(
            self._wishes.overrides,
            parallel=parallel,
            max_workers=max_workers,
            provider=provider,
            output_dir=None if output_dir is None else str(output_dir),
        )
        wishes = replace(self._wishes, overrides=overrides, input_text=input_text, only=tuple(steps))
        plan = plan_pipeline(config, wishes, self._providers, need_input=True)
        folder = make_ready(plan, self._providers, wishes.workspace)
        heard = (LogLines(plan.settings.log_level), *listeners)
        with self._providers.lent():
            return carry_out(
                plan,
                folder,
                providers=self._providers,
                listeners=heard,
                stop=stop,
                fresh=fresh,
                resubmit_doubtful=resubmit_doubtful,
            )

    def generate_image(
        self,
        prompt: str,
        *,
        model: str | None = None,
        name: str | None = None,
        stop: StopSwitch | None = None,
        **params: Any,
    ) -> StepResult:
        """An image of what the prompt says; ``params``: the model's own, such as ``seed``.

        Waits until it is made or has failed. The file is called ``name``, or after the call and the prompt,
        with a number where that name is taken: by themselves, calls write over no file.
        """
        return self._call(Call("generate_image", "text_to_image", prompt, None, model, name, params), stop)

    def image_to_image(
        self,
        image: Media,
        prompt: str | None = None,
        *,
        model: str | None = None,
        name: str | None = None,
        stop: StopSwitch | None = None,
        **params: Any,
    ) -> StepResult:
        """The image edited as the prompt says; ``image`` is a file, an https URL, or the result of a call."""
        return self._call(Call("image_to_image", "image_to_image", prompt, image, model, name, params), stop)

    def image_to_video(
        self,
        image: Media,
        prompt: str | None = None,
        *,
        model: str | None = None,
        name: str | None = None,
        stop: StopSwitch | None = None,
        **params: Any,
    ) -> StepResult:
        """A video that begins with the image; ``image`` is a file, an https URL, or the result of a call."""
        return self._call(Call("image_to_video", "image_to_video", prompt, image, model, name, params), stop)

    def text_to_video(
        self,
        prompt: str,
        *,
        model: str | None = None,
        name: str | None = None,
        stop: StopSwitch | None = None,
        **params: Any,
    ) -> StepResult:
        """A video of what the prompt says."""
        return self._call(Call("text_to_video", "text_to_video", prompt, None, model, name, params), stop)

    def text_to_speech(
        self,
        text: str,
        *,
        model: str | None = None,
        name: str | None = None,
        stop: StopSwitch | None = None,
        **params: Any,
    ) -> StepResult:
        """The text, spoken."""
        return self._call(Call("text_to_speech", "text_to_speech", text, None, model, name, params), stop)

    def analyze_image(
        self,
        image: Media,
        prompt: str | None = None,
        *,
        model: str | None = None,
        name: str | None = None,
        stop: StopSwitch | None = None,
        **params: Any,
    ) -> StepResult:
        """What there is to see in the image, or the answer to ``prompt``; the result's ``text`` has it."""
        return self._call(Call("analyze_image", "analyze_image", prompt, image, model, name, params), stop)

    def _call(self, call: Call, stop: StopSwitch | None) -> StepResult:
        with self._providers.lent():
            return run_call(call, self._wishes, self._providers, stop)


def _overridden(overrides: Overrides, **given: Any) -> Overrides:
    """The overrides with what was given in their place; None leaves what was there."""
    return replace(overrides, **{name: value for name, value in given.items() if value is not None})

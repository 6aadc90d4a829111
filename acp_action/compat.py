"""The import path of the parallel execution guide, kept working for programs written against it.

In the wheel this file also stands as ``packages/core/ai_content_pipeline/pipeline/manager.py``. New programs
write ``from acp_action import AIPipelineManager``.
"""

from __future__ import annotations

from acp_action import AIPipelineManager, AsyncAIPipelineManager

__all__ = ["AIPipelineManager", "AsyncAIPipelineManager"]

"""What a config came from, a file or a mapping, as the rest of the loader sees it."""

from __future__ import annotations

from typing import TypeAlias

from acp_action.config.mapping_source import MappingSource
from acp_action.config.yaml_source import YamlSource

Source: TypeAlias = YamlSource | MappingSource

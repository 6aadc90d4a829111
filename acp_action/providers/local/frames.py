"""Frames of any kind fitted into one size: turned upright, scaled, with bars where the shapes differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from av.filter import Graph

from acp_action.providers.local.encoding import PIXEL_FORMAT

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from acp_action.providers.local.clips import Clip
    from acp_action.providers.local.sizes import Size

# transpose=2 turns by a quarter counter-clockwise, transpose=1 clockwise.
_TURNS: Final = {
    0: (),
    90: (("transpose", "2"),),
    180: (("hflip", ""), ("vflip", "")),
    270: (("transpose", "1"),),
}


class FrameFitter:
    """Fits one clip's frames into ``size``; asked twice for the same frame, it works once."""

    def __init__(self, clip: Clip, size: Size) -> None:
        self._clip = clip
        self._size = size
        self._graph: Graph | None = None
        self._shape: tuple[int, int, str] | None = None
        self._source: VideoFrame | None = None
        self._fitted: VideoFrame | None = None

    def fit(self, frame: VideoFrame) -> VideoFrame:
        """The frame in the target's size, as 4:2:0 in video range."""
        if frame is self._source and self._fitted is not None:
            return self._fitted
        shape = (frame.width, frame.height, frame.format.name)
        if self._graph is None or shape != self._shape:
            self._graph, self._shape = self._build(frame), shape
        self._graph.vpush(frame)
        fitted = self._graph.vpull()
        # A kept type would force the encoder to make a key frame wherever the source had one.
        fitted.pict_type = 0
        self._source, self._fitted = frame, fitted
        return fitted

    def _build(self, frame: VideoFrame) -> Graph:
        width, height = self._inner()
        left, top = (self._size[0] - width) // 2, (self._size[1] - height) // 2
        graph = Graph()
        nodes = [graph.add_buffer(width=frame.width, height=frame.height, format=frame.format,
                                  time_base=frame.time_base)]  # fmt: skip
        nodes += [graph.add(name, args) for name, args in _TURNS[self._clip.turn]]
        nodes.append(
            graph.add("scale", f"{width}:{height}:flags=bicubic:out_range=tv:out_color_matrix=bt709")
        )
        nodes.append(graph.add("pad", f"{self._size[0]}:{self._size[1]}:{left}:{top}"))
        nodes.append(graph.add("setsar", "1"))
        nodes.append(graph.add("format", f"pix_fmts={PIXEL_FORMAT}"))
        nodes.append(graph.add("buffersink"))
        graph.link_nodes(*nodes).configure()
        return graph

    def _inner(self) -> Size:
        """The largest even size of the clip's shape within the frame; no bars of less than two pixels."""
        wide, tall = self._clip.size
        scale = min(self._size[0] / wide, self._size[1] / tall)
        return _near(wide * scale, self._size[0]), _near(tall * scale, self._size[1])


def _near(side: float, full: int) -> int:
    even = max(2, round(side / 2) * 2)
    return full if abs(full - even) <= 2 else even

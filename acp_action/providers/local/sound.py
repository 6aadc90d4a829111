"""The sound of a film in the making: every clip's own, resampled, shifted and padded to its pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from av import AudioFrame, AudioResampler

if TYPE_CHECKING:
    from fractions import Fraction

    from acp_action.providers.base import Token
    from acp_action.providers.local.encoding import Mp4Writer

_FORMAT: Final = "fltp"
_LAYOUT: Final = "stereo"
_BYTES: Final = 4
_PIECE: Final = 4096
# Sound that begins this little after the pictures is taken as beginning with them.
_SLACK: Final = 0.02


class SoundTrack:
    """Appends one clip's sound to the film's.

    ``until``: where the clip's pictures end, in seconds of the film. Does nothing when the film has no sound.
    """

    def __init__(self, writer: Mp4Writer, until: Fraction) -> None:
        self._writer = writer
        self._rate = writer.sample_rate or 0
        self._last = round(until * self._rate)
        self._resampler = AudioResampler(_FORMAT, _LAYOUT, writer.sample_rate) if self._rate else None
        self._begun = False
        self._skip = 0

    def take(self, frame: AudioFrame, begin: float) -> None:
        """Append decoded sound; ``begin``: when the clip's pictures begin on its own clock, in seconds."""
        if self._resampler is None:
            return
        if not self._begun:
            self._begun = True
            late = (frame.time or 0.0) - begin if frame.pts is not None else 0.0
            if late > _SLACK:
                self._write_silence(round(late * self._rate))
            self._skip = max(0, round(-late * self._rate)) if late < -_SLACK else 0
        frame.pts = None
        for piece in self._resampler.resample(frame):
            self._write(piece)

    def finish(self, token: Token) -> None:
        """Append what the resampler holds, then silence up to the end of the clip's pictures."""
        if self._resampler is None:
            return
        if self._begun:
            for piece in self._resampler.resample(None):
                self._write(piece)
        while self._writer.samples < self._last:
            token.check()
            self._write_silence(_PIECE)

    def _write_silence(self, samples: int) -> None:
        samples = min(samples, self._last - self._writer.samples)
        while samples > 0:
            count = min(samples, _PIECE)
            self._writer.write_sound(_frame([bytes(count * _BYTES)] * 2, count, self._rate))
            samples -= count

    def _write(self, piece: AudioFrame) -> None:
        """Write the part of a piece that lies within the clip."""
        skipped = min(self._skip, piece.samples)
        self._skip -= skipped
        end = min(piece.samples, skipped + self._last - self._writer.samples)
        if end <= skipped:
            return
        if skipped or end < piece.samples:
            parts = [bytes(plane)[skipped * _BYTES : end * _BYTES] for plane in piece.planes]
            piece = _frame(parts, end - skipped, self._rate)
        self._writer.write_sound(piece)


def _frame(channels: list[bytes], samples: int, rate: int) -> AudioFrame:
    frame = AudioFrame(_FORMAT, _LAYOUT, samples)
    frame.sample_rate = rate
    for plane, part in zip(frame.planes, channels, strict=True):
        plane.update(part.ljust(plane.buffer_size, b"\0"))
    return frame

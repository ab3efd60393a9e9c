"""When what is unusual becomes an alarm: not again and again for one event, nor lightly in a noisy series.

A surprise at or above the least one raises an alarm; then there is none for `rearm` points, except for an
event of its own (the point before was usual) that surprises clearly more than all since the alarm. Each
recent alarm raises the surprise that the next one takes.
"""

_GREATER = 1.2
_FADING = 2.0 ** (-1.0 / 4_000)


class Alarms:
    """What is remembered of the alarms of a series.

    `silence` is points since the last alarm, `calm` since the last surprise above the least, `peak` the
    largest such surprise since the last alarm (its own included), `recent` the number of alarms, each
    counting half after 4,000 points.
    """

    __slots__ = ("calm", "peak", "recent", "silence")

    def __init__(self, silence: int, calm: int, recent: float, peak: float) -> None:
        self.silence = silence
        self.calm = calm
        self.recent = recent
        self.peak = peak

    def wait(self, points: int = 1) -> None:
        """Let points go by, the one about to be judged included."""
        self.silence += points
        self.calm += points
        self.recent *= _FADING**points

    def raised(self, surprise: float, least: float, rearm: int, fatigue: float) -> bool:
        """Whether a surprise of at least `least` raises an alarm, which is then remembered."""
        greater = self.calm > 1 and surprise >= _GREATER * self.peak
        self.calm = 0
        if not (self.silence > rearm or greater) or surprise < least * (
            1.0 + fatigue * self.recent
        ):
            self.peak = max(self.peak, surprise)
            return False
        self.silence, self.peak = 0, surprise
        self.recent += 1.0
        return True

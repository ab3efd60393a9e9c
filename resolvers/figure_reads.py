"""From the figures that are asked for to reads, and from their frames to tallies by group."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from domain.figures import Kind, Tallies
from domain.questions import COUNT, Columns, Filter, Frame, GroupKey, MeasureKey, Read
from domain.tallies import Part, Source, Tally
from resolvers.conditions import condition_on, joined
from resolvers.figures import Compared, Figures
from resolvers.scope import Scope


@dataclass(frozen=True, slots=True)
class FiguresAsked:
    """Figures by name (at least one) of the events that meet a condition; `compared` are some of them."""

    kind: Kind
    names: frozenset[str]
    compared: frozenset[str] = frozenset()
    filter: Filter | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What every source counted in each group; `rest` is what it could not tell apart any more."""

    parts: Mapping[Source, Mapping[GroupKey, tuple[Part, ...]]]
    rest: Mapping[Source, tuple[Part, ...]]
    frames: tuple[Frame, ...]

    @property
    def keys(self) -> list[GroupKey]:
        """Every group that any source has."""
        return list(dict.fromkeys(key for groups in self.parts.values() for key in groups))

    def tallies(self, key: GroupKey) -> Tallies:
        """The tallies of one group; a source without events of it has no parts."""
        return {source: Tally(groups.get(key, ())) for source, groups in self.parts.items()}

    def together(self, keys: Sequence[GroupKey]) -> Tallies:
        """The tallies of several groups as one, and of what could not be told apart."""
        return {
            source: Tally(
                tuple(part for key in keys for part in groups.get(key, ())) + self.rest[source],
                whole=len(keys) == 1 and not self.rest[source],
            )
            for source, groups in self.parts.items()
        }


@dataclass(frozen=True, slots=True)
class CountedTwice:
    """What was counted in a range and, where one is compared, in the earlier one."""

    asked: FiguresAsked
    now: Counted
    before: Counted | None
    _current: dict[GroupKey, Figures] = field(default_factory=dict)

    @property
    def frames(self) -> tuple[Frame, ...]:
        """Everything that was read."""
        return self.now.frames + (self.before.frames if self.before else ())

    def current(self, key: GroupKey) -> Figures:
        """The figures of one group in the range itself; the same object each time."""
        if key not in self._current:
            self._current[key] = self._figures(self.now.tallies(key))
        return self._current[key]

    def group(self, key: GroupKey) -> Compared:
        """The figures of one group."""
        before = self._figures(self.before.tallies(key)) if self.before else None
        return Compared(self.current(key), before)

    def together(self, keys: Sequence[GroupKey]) -> Compared:
        """The figures of several groups as one; also of what could not be told apart."""
        before = self._figures(self.before.together(keys)) if self.before else None
        return Compared(self._figures(self.now.together(keys)), before)

    def _figures(self, tallies: Tallies) -> Figures:
        return Figures(self.asked.kind, tallies)


Edges = tuple[datetime, ...]


async def counted_twice(
    scope: Scope, asked: FiguresAsked, now: Edges, before: Edges | None, by: tuple[str, ...] = ()
) -> CountedTwice:
    """The figures between these edges and those that are compared, in the same statement."""
    current = counted(scope, asked, asked.names, now, by)
    if before is None or not asked.compared:
        return CountedTwice(asked, await current, None)
    earlier = counted(scope, asked, asked.compared, before, by)
    found, found_before = await scope.loaders.beginnings.together(current, earlier)
    return CountedTwice(asked, found, found_before)


async def counted(
    scope: Scope,
    asked: FiguresAsked,
    names: Iterable[str],
    edges: Edges,
    by: tuple[str, ...] = (),
) -> Counted:
    """One read for each source that the figures of these names need, all in one statement."""
    sources = asked.kind.needs(names)
    reads = [_read(scope, asked, source, sources[source], edges, by) for source in sources]
    frames = await scope.loaders.frames.all(reads)
    read = dict(zip(sources, zip(reads, frames, strict=True), strict=True))
    keyed = asked.kind.keyed if by else frozenset()
    return Counted(
        parts={
            source: dict(_groups(*pair, len(by), keyed=source in keyed))
            for source, pair in read.items()
        },
        rest={source: _rest(*pair) for source, pair in read.items()},
        frames=tuple(frames),
    )


def _read(
    scope: Scope,
    asked: FiguresAsked,
    source: Source,
    keys: frozenset[MeasureKey],
    edges: Edges,
    by: tuple[str, ...],
) -> Read:
    event_type = scope.event_type(source.event_type)
    return Read(
        event_type=event_type.name,
        edges=edges,
        measures=keys | {COUNT} if by else keys,
        group_by=tuple(dict.fromkeys((*by, *source.split))),
        filter=joined(source.condition, condition_on(scope, event_type, asked.filter)),
    )


def _groups(
    read: Read, frame: Frame, width: int, *, keyed: bool
) -> Iterator[tuple[GroupKey, tuple[Part, ...]]]:
    found: dict[GroupKey, list[Part]] = {}
    for key, columns in frame.groups.items():
        if not (keyed and key[0] is None):
            found.setdefault(key[:width], []).append(_part(read, key, columns))
    return ((key, tuple(parts)) for key, parts in found.items())


def _rest(read: Read, frame: Frame) -> tuple[Part, ...]:
    if frame.other is None:
        return ()
    return (_part(read, (None,) * len(read.group_by), frame.other),)


def _part(read: Read, key: GroupKey, columns: Columns) -> Part:
    return Part(dict(zip(read.group_by, key, strict=True)), columns)

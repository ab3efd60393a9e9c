"""Figures of social media: what posts got when they were told of, and what came since."""

from decimal import Decimal

from domain.exact import exact_sum
from domain.figures import Figure, Kind, Tallies, needs, rate
from domain.questions import COUNT, MeasureKey
from domain.tallies import Source

POSTS = Source("social_post")
SINCE = Source("social_engagement")

_ENGAGEMENTS = ("likes", "comments", "shares", "clicks")


def _total(tallies: Tallies, *names: str) -> Decimal | None:
    """The sum over posts and what came since; None where no event says."""
    found = [
        total
        for source in (POSTS, SINCE)
        for name in names
        if (total := tallies[source].total(name)) is not None
    ]
    return exact_sum(found) if found else None


def _figure(description: str, *names: str) -> Figure:
    said = f"{description}; null where no event says."
    return Figure(said, "exact", _of(*names), lambda found: _total(found, *names))


def _of(*names: str) -> dict[Source, frozenset[MeasureKey]]:
    keys = [MeasureKey("sum", name) for name in names]
    return {**needs(POSTS, *keys), **needs(SINCE, *keys)}


def _engagement_rate(tallies: Tallies) -> float | None:
    return rate(_total(tallies, *_ENGAGEMENTS), _total(tallies, "impressions"))


def _per_post(tallies: Tallies) -> float | None:
    return rate(_total(tallies, *_ENGAGEMENTS), tallies[POSTS].count())


_WITH_POSTS = {
    source: keys | {COUNT} if source is POSTS else keys
    for source, keys in _of(*_ENGAGEMENTS).items()
}

SOCIAL_KIND = Kind(
    name="SocialFigures",
    description="Posts and what they got.",
    figures={
        "posts": Figure("Posts.", "whole", needs(POSTS, COUNT), lambda found: found[POSTS].count()),
        "impressions": _figure("Times posts were shown", "impressions"),
        "reach": _figure("People that posts were shown to, added up", "reach"),
        "likes": _figure("Likes and other reactions", "likes"),
        "comments": _figure("Comments and replies", "comments"),
        "shares": _figure("Shares and reposts", "shares"),
        "clicks": _figure("Clicks on posts", "clicks"),
        "followers": _figure("Followers won, less those lost", "followers"),
        "engagements": _figure("Likes, comments, shares and clicks together", *_ENGAGEMENTS),
        "engagementRate": Figure(
            "Engagements over impressions; null where those are unknown.",
            "number",
            _of(*_ENGAGEMENTS, "impressions"),
            _engagement_rate,
        ),
        "engagementsPerPost": Figure(
            "Engagements over posts; null without posts.", "number", _WITH_POSTS, _per_post
        ),
    },
    rank="engagements",
    dimensions=("platform", "kind", "account", "source"),
)
"""Posts and engagement, as a whole, by platform and over time."""

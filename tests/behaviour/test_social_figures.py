"""Real posts: the social media section against the files themselves, in plain Python."""

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.catalogue_source import read_catalogue
from db.rollups import roll_all
from tests.behaviour.importing import Asker, Importer, asking, spanning

YEARS = ("2012-01-01", "2019-01-01")
TWEETERS = ("BarackObama", "realDonaldTrump")
GOT = "posts likes comments shares engagements engagementsPerPost impressions"


@dataclass(frozen=True, slots=True)
class Post:
    """One post of the files."""

    platform: str
    kind: str
    account: str | None
    at: datetime
    likes: int
    comments: int
    shares: int


def rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="latin-1", newline="") as file:
        return list(csv.DictReader(file))


def tweets(path: Path) -> list[Post]:
    return [
        Post(
            "twitter",
            "text",
            row["user"],
            datetime.strptime(row["created_at"] + "Z", "%m/%d/%y %H:%M%z"),
            int(row["favorites"]),
            int(row["replies"]),
            int(row["retweets"]),
        )
        for row in rows(path)
    ]


def facebook(path: Path) -> list[Post]:
    return [
        Post(
            "facebook",
            row["status_type"],
            None,
            datetime.strptime(f"{row['status_published']} {row['time']}Z", "%m/%d/%Y %H:%M%z"),
            int(row["num_reactions"]),
            int(row["num_comments"]),
            int(row["num_shares"]),
        )
        for row in rows(path)
    ]


def check(found: Any, posts: Sequence[Post]) -> None:
    assert found["posts"] == len(posts)
    sums = {name: sum(getattr(p, name) for p in posts) for name in ("likes", "comments", "shares")}
    assert {name: found[name] for name in sums} == {name: str(sum) for name, sum in sums.items()}
    total = sum(sums.values())
    assert found["engagements"] == str(total)
    assert found["engagementsPerPost"] == pytest.approx(total / len(posts))
    assert found["impressions"] is None


def by(posts: Iterable[Post], name: str) -> dict[str | None, list[Post]]:
    found: dict[str | None, list[Post]] = defaultdict(list)
    for post in posts:
        found[getattr(post, name)].append(post)
    return found


async def test_what_posts_got_is_that_of_the_files(
    shared_data: Path, dsn: str, redis_url: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    folder = shared_data / "social"
    tweeted = [folder / f"{name}.csv.gz" for name in TWEETERS]
    posted = folder / "Live_20210128.csv.gz"
    for path in (*tweeted, posted):
        if not path.is_file():
            pytest.skip(f"no data set at {path}")
    importer = Importer(dsn, tmp_path)
    importer.run("import", *tweeted, "--mapping", "tweets")
    assert "7,050 events added" in importer.run("import", posted, "--mapping", "facebook_posts")
    posts = [*facebook(posted), *(post for path in tweeted for post in tweets(path))]
    assert len(posts) == 7_050 + 6_439
    async with asking(dsn, redis_url) as asker:
        await check_figures(asker, posts)
        await roll_all(pool, read_catalogue(None))
        await check_figures(asker, posts)


async def check_figures(asker: Asker, posts: Sequence[Post]) -> None:
    answered = await asker.ask(
        f"""query ($range: RangeInput!) {{ socialMedia(range: $range) {{ performance {{ {GOT} }}
          platforms {{ rows {{ key {GOT} }} other {{ posts }} }}
          kinds: platforms(dimension: "kind") {{ rows {{ key {GOT} }} }}
          accounts: platforms(dimension: "account") {{ rows {{ key {GOT} }} }}
          engagement(granularity: MONTH, dimension: "platform") {{
            series {{ key columns {{ start posts likes shares }} }} }} }} }}""",
        range=spanning(YEARS),
    )
    found = answered["socialMedia"]
    check(found["performance"], posts)
    for field, name in (("platforms", "platform"), ("kinds", "kind"), ("accounts", "account")):
        groups = by(posts, name)
        assert {row["key"] for row in found[field]["rows"]} == set(groups)
        for row in found[field]["rows"]:
            check(row, groups[row["key"]])
    assert found["platforms"]["other"] is None
    for series in found["engagement"]["series"]:
        check_months(series["columns"], by(posts, "platform")[series["key"]])


def check_months(columns: dict[str, list[Any]], posts: Sequence[Post]) -> None:
    months: dict[str, list[Post]] = defaultdict(list)
    for post in posts:
        months[f"{post.at:%Y-%m}"].append(post)
    own = [months.get(start[:7], []) for start in columns["start"]]
    assert columns["posts"] == [len(held) for held in own]
    assert sum(columns["posts"]) == len(posts)
    for name in ("likes", "shares"):
        assert columns[name] == [sum(getattr(p, name) for p in h) if h else None for h in own]

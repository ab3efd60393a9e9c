"""Social media."""

import strawberry

from domain.social_figures import SOCIAL_KIND
from graph.figure_fields import groups_field, meta_field, overview_field, series_field
from graph.figure_types import KindTypes

_SOCIAL = KindTypes(SOCIAL_KIND)


@strawberry.type(description="Posts on social platforms and what they got.")
class SocialMedia:
    performance = overview_field("All platforms together.", _SOCIAL)
    platforms = groups_field(
        "Platforms beside each other; also by kind of post, account or source.",
        _SOCIAL,
        by="platform",
    )
    engagement = series_field("Engagement over time.", _SOCIAL)
    meta = meta_field()

"""The event types of what an organisation does in public: partners, projects, social media, messages."""

from domain.builtin_parts import CURRENCY, DURATION, SOURCE, VALUE, money, number, text
from domain.catalogue import EventType, event_type

_PARTNER = text("partner", "The partner's id or name.")
_PARTNER_TYPE = text("partnerType", "government, foundation, company, individual, …")
_CAMPAIGN = text("campaign", "The campaign that it belongs to.")
_PLATFORM = text("platform", "facebook, instagram, twitter, youtube, …")
_ACCOUNT = text("account", "The account that posts.")
_CONTACTS = (
    number("impressions", "views", "How often it was shown."),
    number("reach", "people", "How many people it was shown to."),
    number("likes", "reactions", "Likes and other reactions."),
    number("comments", "comments", "Comments and replies."),
    number("shares", "shares", "Shares and reposts."),
    number("clicks", "clicks", "Clicks on it."),
    number("followers", "people", "Followers won, less those lost."),
)
_SOCIAL_SETS = (("account", "platform"), ("kind", "platform"))

OUTREACH: tuple[EventType, ...] = (
    event_type(
        "donation",
        "A donation at one step: pledged, committed or paid.",
        dimensions=(
            SOURCE,
            CURRENCY,
            _PARTNER,
            _PARTNER_TYPE,
            _CAMPAIGN,
            text("status", "pledged, committed, paid, or refunded with a negative value."),
            text("recurring", "true where it is one of a series."),
        ),
        measures=(VALUE,),
        combinations=(
            ("partner", "status"),
            ("partnerType", "status"),
            ("campaign", "status"),
            ("recurring", "status"),
            ("partner", "recurring"),
            ("source", "status"),
            ("partner", "partnerType", "status"),
            ("campaign", "partner", "status"),
        ),
    ),
    event_type(
        "partner_engagement",
        "One contact with a partner.",
        dimensions=(
            SOURCE,
            _PARTNER,
            _PARTNER_TYPE,
            text("channel", "email, phone, meeting, event, …"),
            text("kind", "What it was about: proposal, report, visit, …"),
        ),
        measures=(DURATION,),
        combinations=(("partner", "partnerType"), ("channel", "partner"), ("kind", "partner")),
    ),
    event_type(
        "project_update",
        "News of a project; its numbers are what came since the update before.",
        dimensions=(
            SOURCE,
            CURRENCY,
            text("project", "The project's id or name."),
            text("status", "planned, active, completed or cancelled."),
            text("sector", "What it works on: health, education, …"),
            text("region", "Where it works."),
        ),
        measures=(
            number("beneficiaries", "people", "People reached since the update before."),
            number("progress", "%", "How far it is now, 0 to 100."),
            money("budget", "Budget granted since the update before."),
            money("spent", "Money spent since the update before."),
        ),
        combinations=(
            ("project", "status"),
            ("project", "sector", "status"),
            ("project", "region", "status"),
        ),
    ),
    event_type(
        "social_post",
        "One post on a social platform, with what it has got so far.",
        dimensions=(
            SOURCE,
            _PLATFORM,
            text("kind", "photo, video, link, text, …"),
            _ACCOUNT,
        ),
        measures=_CONTACTS,
        combinations=_SOCIAL_SETS,
    ),
    event_type(
        "social_engagement",
        "What posts and accounts got since the event before.",
        dimensions=(
            SOURCE,
            _PLATFORM,
            text("kind", "The kind of the post: photo, video, link, text, …"),
            _ACCOUNT,
        ),
        measures=_CONTACTS,
        combinations=_SOCIAL_SETS,
    ),
    event_type(
        "notification",
        "One step of a message to one recipient.",
        dimensions=(
            SOURCE,
            text("channel", "email, sms, push, in_app, …"),
            text("status", "sent, delivered, opened, clicked, failed or bounced."),
            _CAMPAIGN,
            text("template", "The template that it was made from."),
        ),
        measures=(DURATION,),
        combinations=(
            ("channel", "status"),
            ("campaign", "status"),
            ("status", "template"),
            ("source", "status"),
            ("campaign", "channel", "status"),
        ),
    ),
)

"""Sections on what the organisation does outside: business, partners, projects, social media, messages."""

import strawberry

from graph.arguments import UTC, CompareTo, Condition, Range, Zone
from graph.fields import computed
from graph.figure_fields import section_of
from graph.section_arguments import Info
from graph.types.business import Business
from graph.types.delivery import NotificationDelivery
from graph.types.partners import Partners
from graph.types.projects import Projects
from graph.types.social import SocialMedia


@strawberry.type
class Outreach:
    @computed("Sales, products, collections, and the way to an order.", Business | None)
    def business(
        self,
        info: Info,
        range: Range,
        filter: Condition = None,
        time_zone: Zone = UTC,
        compare_to: CompareTo = None,
    ) -> object:
        return section_of(info, range, time_zone, compare_to, filter)

    @computed("Partners, what they give, and how they are kept in touch with.", Partners | None)
    def partners(
        self,
        info: Info,
        range: Range,
        filter: Condition = None,
        time_zone: Zone = UTC,
        compare_to: CompareTo = None,
    ) -> object:
        return section_of(info, range, time_zone, compare_to, filter)

    @computed("Projects: their states, whom they reach and what they cost.", Projects | None)
    def projects(
        self,
        info: Info,
        range: Range,
        filter: Condition = None,
        time_zone: Zone = UTC,
        compare_to: CompareTo = None,
    ) -> object:
        return section_of(info, range, time_zone, compare_to, filter)

    @computed("Posts on social platforms and what they got.", SocialMedia | None)
    def social_media(
        self,
        info: Info,
        range: Range,
        filter: Condition = None,
        time_zone: Zone = UTC,
        compare_to: CompareTo = None,
    ) -> object:
        return section_of(info, range, time_zone, compare_to, filter)

    @computed("Messages to people and what became of them.", NotificationDelivery | None)
    def notification_delivery(
        self,
        info: Info,
        range: Range,
        filter: Condition = None,
        time_zone: Zone = UTC,
        compare_to: CompareTo = None,
    ) -> object:
        return section_of(info, range, time_zone, compare_to, filter)

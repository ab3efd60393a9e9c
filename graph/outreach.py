"""Sections on what the organisation does outside: business, partners, projects, social media, messages."""

import strawberry

from graph.figure_fields import section_field
from graph.types.business import Business
from graph.types.delivery import NotificationDelivery
from graph.types.partners import Partners
from graph.types.projects import Projects
from graph.types.social import SocialMedia


@strawberry.type
class Outreach:
    business = section_field("Sales, products, collections, and the way to an order.", Business)
    partners = section_field(
        "Partners, what they give, and how they are kept in touch with.", Partners
    )
    projects = section_field(
        "Projects: their states, whom they reach and what they cost.", Projects
    )
    social_media = section_field("Posts on social platforms and what they got.", SocialMedia)
    notification_delivery = section_field(
        "Messages to people and what became of them.", NotificationDelivery
    )

import pytest

from domain.builtin import BUILTIN
from domain.catalogue import Area, Catalogue, catalogue_of
from domain.catalogue_file import parse_catalogue
from domain.errors import ConfigurationError

GOOD = """\
# Our own types.
[types.shipment]
description = "One parcel handed to a carrier."
raw_days = "keep"
max_keys = 500
combinations = [
    ["carrier", "country"],
]

[[types.shipment.dimensions]]
name = "carrier"
source = "properties.carrier"
description = '''
Who carries it.
name = "not a key"
'''

[[types.shipment.dimensions]]
name = "country"
source = "properties.address.country"

[[types.shipment.measures]]
name = "weight"
source = "properties.weight"
unit = "kg"

[[types.shipment.measures]]
name = "handling"
source = "durationMs"
unit = "ms"
"""


def parsed(text: str) -> Catalogue:
    return parse_catalogue(text, BUILTIN)


def test_an_empty_file_leaves_the_built_in_types() -> None:
    assert parsed("") == catalogue_of(BUILTIN)


def test_a_new_type_is_added_as_declared() -> None:
    shipment = parsed(GOOD).event_type("shipment")
    assert shipment.raw_days == 0
    assert shipment.max_keys == 500
    assert [each.source for each in shipment.dimensions.values()] == [
        "properties.carrier",
        "properties.address.country",
    ]
    assert shipment.measure("handling").unit == "ms"
    assert shipment.rollups == ((), ("carrier",), ("country",), ("carrier", "country"))


def test_a_built_in_type_is_extended_and_keeps_what_it_had() -> None:
    catalogue = parsed(
        """
        [types.order]
        extend = true
        raw_days = 30
        combinations = [["channel", "country"]]
        [[types.order.dimensions]]
        name = "channel"
        source = "properties.channel"
        [[types.order.measures]]
        name = "tax"
        source = "properties.tax"
        money = true
        """
    )
    before, after = catalogue_of(BUILTIN).event_type("order"), catalogue.event_type("order")
    assert before.dimensions.items() < after.dimensions.items()
    assert set(before.rollups) < set(after.rollups)
    assert ("channel", "country", "currency") in after.rollups
    assert (after.raw_days, after.description) == (30, before.description)
    assert (after.measure("tax").money, after.measure("tax").unit) == (True, "currency")
    assert catalogue.version != catalogue_of(BUILTIN).version


def test_extending_by_nothing_changes_nothing() -> None:
    text = "".join(f'[types."{each.name}"]\nextend = true\n' for each in BUILTIN)
    assert parsed(text) == catalogue_of(BUILTIN)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('unit = "kg"', "unit = 3", 25, "types.shipment.measures[0].unit: 3 is not a text"),
        ("max_keys = 500", 'area = "sales"', 5, "'sales' is no area. Valid: business, ops"),
        ('unit = "ms"', 'unit = ""', 30, "types.shipment.measures[1].unit: '' is not a text"),
        ('unit = "ms"\n', "", 27, "types.shipment.measures[1]: unit is missing"),
        ('name = "weight"\n', "", 22, "types.shipment.measures[0]: name is missing"),
        ('unit = "ms"', "money = 1", 30, "measures[1].money: 1 is neither true nor false"),
        ('unit = "ms"', "money = true", 2, "no dimension 'currency'"),
        ('name = "handling"', 'name = "weight"', 28, "'weight' is there already"),
        ('name = "handling"', 'name = "Handling"', 28, "camelCase"),
        ('"durationMs"', '"duration"', 29, "durationMs, value, cost"),
        ("properties.weight", "properties.", 24, "neither a property"),
        ("properties.address.country", "properties..country", 20, "dimensions[1].source"),
        ('source = "properties.carrier"', 'souce = "x"', 12, "Did you mean source? Valid: desc"),
        ('"country"],', '"land"],', 6, "no dimension 'land'. Valid: carrier, country"),
        ('"country"],', '"carrier"],', 6, "combinations[0]: names a dimension twice"),
        ('["carrier", "country"]', '["carrier"]', 6, "combinations[0]: must list at least two"),
        ('"keep"', '"for ever"', 4, 'not a whole number of 1 to 3,650 or "keep"'),
        ('"keep"', "0", 4, "types.shipment.raw_days: 0 is not"),
        ('"keep"', "true", 4, "True is not"),
        ("500", "1.5", 5, "types.shipment.max_keys: 1.5"),
        ("raw_days", "raw_day", 4, "Did you mean raw_days?"),
        ("[types.shipment]", "[types.order]", 2, "'order' is built in; say extend = true"),
        ("[types.shipment]", '[types."Ship ment"]', 2, "a-z, 0-9 and _"),
        (
            "[types.shipment]\n",
            "[types.shipment]\nextend = true\n",
            3,
            "no built-in type 'shipment'",
        ),
        ('description = "One parcel handed to a carrier."\n', "", 2, "description is missing"),
        ("# Our own types.", "colour = 1", 1, "colour: there is no such key"),
        ("# Our own types.", "types.shipments = 1", 1, "must be a table"),
        ('unit = "ms"', "unit = ms", 30, "not TOML: Invalid value"),
        ('unit = "ms"', 'unit = "ms', 30, "not TOML"),
        ("[types.shipment]", "[types.shipment", 2, "not TOML"),
    ],
)
def test_a_mistake_is_named_with_its_line(old: str, new: str, line: int, said: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigurationError) as raised:
        parsed(GOOD.replace(old, new, 1))
    assert raised.value.message.startswith(f"catalogue.toml line {line}: ")
    assert said in raised.value.message
    assert raised.value.details["line"] == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("types = 3", 1),
        ("\n\ntypes.order.extend = 'yes'", 3),
        ("[types]\norder = { extend = true, raw_days = 0 }", 2),
        ("[types.order]\nextend = true\ndimensions = 'x'", 3),
        ("[types.order]\r\nextend = true\r\nmeasures = [\r\n 1 ]\r\n", 3),
        ("[types.order]\nextend = true\ncombinations = [['a','b']]", 3),
        ("[types.order]\nextend = true\ncombinations = [[['a'],'b']]", 3),
        (
            "[types.order]\nextend = true\n[[types.order.dimensions]]\n[types.order.dimensions.more]",
            4,
        ),
        ("[types.a]\ndescription='a'\n'raw_days' = 'x'\n[types.b]\nraw_days='y'", 3),
    ],
)
def test_lines_are_found_however_the_file_is_written(text: str, line: int) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parsed(text)
    assert raised.value.details["line"] == line


def test_too_many_dimensions_in_a_combination_are_refused() -> None:
    names = ["product", "collection", "country", "status"]
    with pytest.raises(ConfigurationError, match=r"line 3: types.order.combinations: .* at most 4"):
        parsed(f"[types.order]\nextend = true\ncombinations = [{names}]")


def test_a_declared_type_says_whose_it_is_and_a_built_in_one_may_not() -> None:
    text = GOOD.replace("max_keys = 500", 'area = "business"')
    assert parse_catalogue(text, BUILTIN).event_type("shipment").area is Area.BUSINESS
    assert parse_catalogue(GOOD, BUILTIN).event_type("shipment").area is None
    with pytest.raises(ConfigurationError, match="built-in type is not for a file to say"):
        parse_catalogue('[types.order]\nextend = true\narea = "ops"\n', BUILTIN)

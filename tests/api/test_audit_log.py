"""The audit log through the API: who changed what, in pages, for admins alone."""

import pytest

from tests.api.alerting import create
from tests.api.conftest import Api

LOG = """query ($subject: String, $action: String, $objectType: String, $objectId: String,
  $range: RangeInput, $first: Int! = 100, $after: String) {
  auditLog(subject: $subject, action: $action, objectType: $objectType, objectId: $objectId,
    range: $range, first: $first, after: $after) {
    nodes { id at subject action objectType objectId before after }
    pageInfo { hasNextPage endCursor } } }"""
UPDATE = """mutation ($input: UpdateAlertConfigInput!) { updateAlertConfig(input: $input) {
  userErrors { code } } }"""
DELETE = """mutation ($input: DeleteAlertConfigInput!) { deleteAlertConfig(input: $input) {
  userErrors { code } } }"""


async def test_a_config_is_followed_from_first_to_last(api: Api) -> None:
    config = await create(api)
    await api.ask(UPDATE, input={"id": config, "threshold": 9})
    await api.ask(DELETE, input={"id": config})
    entries = (await api.ask(LOG, objectId=config)).data["auditLog"]["nodes"]
    assert [(each["subject"], each["action"]) for each in entries] == [
        ("test-admin", "delete"),
        ("test-admin", "update"),
        ("test-admin", "create"),
    ]
    gone, changed, made = entries
    assert (made["before"], gone["after"]) == (None, None)
    assert (changed["before"]["threshold"], changed["after"]["threshold"]) == (2, 9)
    assert gone["before"] == changed["after"]


async def test_pages_hold_each_change_once(api: Api) -> None:
    for name in ("a", "b", "c"):
        await create(api, name=name)
    seen, after = [], None
    while True:
        page = (await api.ask(LOG, first=2, after=after)).data["auditLog"]
        seen += [each["after"]["name"] for each in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"action": "create"}, ["a"]),
        ({"action": "delete"}, []),
        ({"objectType": "alert_config", "subject": "test-admin"}, ["a"]),
        ({"objectType": "api_key"}, []),
        ({"subject": "somebody else"}, []),
        ({"range": {"last": "PT24H"}}, []),
    ],
)
async def test_what_is_looked_for_is_found(
    api: Api, asked: dict[str, object], names: list[str]
) -> None:
    await create(api, name="a")
    await api.pool.execute("UPDATE audit_log SET at = '2020-01-01T00:00:00Z'")
    found = (await api.ask(LOG, **asked)).data["auditLog"]
    assert [each["after"]["name"] for each in found["nodes"]] == names
    assert found["pageInfo"] == {"hasNextPage": False, "endCursor": found["pageInfo"]["endCursor"]}


@pytest.mark.parametrize(
    ("asked", "code"), [({"after": "x"}, "INVALID_CURSOR"), ({"first": 1_001}, "PAGE_TOO_LARGE")]
)
async def test_a_wrong_page_is_named(api: Api, asked: dict[str, object], code: str) -> None:
    assert (await api.ask(LOG, **asked)).codes == [code]

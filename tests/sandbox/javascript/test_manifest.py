"""What a bundle declares becomes a manifest, with all that packsys has a word for; the rest is kept beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.catalog.manifest import describe_type
from packsys.catalog.types import read_schema
from packsys.catalog.validation import validate
from packsys.sandbox.javascript.authentication import write_account, write_authentication
from packsys.sandbox.javascript.manifest import write_manifest
from packsys.sandbox.javascript.rows import coda_rows
from packsys.sandbox.javascript.types import object_schema, value_type
from packsys.sandbox.javascript.wire import UNDEFINED
from packsys.sdk import Hint

ROW: Mapping[str, Any] = {
    "type": "object",
    "description": "A task.",
    "identity": {"name": "Task"},
    "idProperty": "TaskId",
    "displayProperty": "Title",
    "featuredProperties": ["Due", "Nothing"],
    "titleProperty": "Title",
    "subtitleProperties": [{"property": "Due", "label": "due {VALUE}", "placeholder": "-"}, "Tags[0].Name", "Nothing"],
    "linkProperty": "Page",
    "snippetProperty": "Owner.Name",
    "imageProperty": "Title",
    "createdAtProperty": "Due",
    "modifiedByProperty": "Nothing",
    "attribution": [
        {"type": 1, "text": "From there."},
        {"type": 2, "anchorText": "There", "anchorUrl": "https://example.com"},
        {"type": 3, "anchorUrl": "https://example.com", "imageUrl": "https://example.com/a.png"},
    ],
    "properties": {
        "TaskId": {"type": "string", "fromKey": "id", "required": True},
        "Title": {
            "type": "string",
            "fromKey": "title",
            "mutable": True,
            "description": "What.",
            "displayName": "To do",
        },
        "Due": {"type": "number", "codaType": "date", "format": "MMM D"},
        "Page": {"type": "string", "codaType": "url", "display": "iconOnly", "force": True},
        "Owner": {"type": "object", "properties": {"Name": {"type": "string"}}},
        "Tags": {"type": "array", "items": {"type": "object", "properties": {"Name": {"type": "string"}}}},
    },
}


@pytest.mark.parametrize(
    ("schema", "attributes"),
    [
        ({"type": "number", "codaType": "percent", "precision": 2, "useThousandsSeparator": True},
         {"precision": 2, "thousands": True}),
        ({"type": "number", "codaType": "currency", "currencyCode": "EUR", "format": "financial", "precision": 99},
         {"code": "EUR", "format": "financial"}),
        ({"type": "number", "codaType": "slider", "minimum": 1, "maximum": 5, "step": "1+1", "showValue": True},
         {"minimum": 1, "maximum": 5, "step": "1+1", "show_value": True}),
        ({"type": "number", "codaType": "progressBar", "minimum": 5, "maximum": 1}, {}),
        ({"type": "number", "codaType": "scale", "maximum": 5, "icon": "star"}, {"maximum": 5, "icon": "star"}),
        ({"type": "string", "codaType": "datetime", "dateFormat": "D", "timeFormat": "h"},
         {"date_format": "D", "time_format": "h"}),
        ({"type": "number", "codaType": "duration", "precision": 1, "maxUnit": "hours"},
         {"precision": 1, "max_unit": "hours"}),
        ({"type": "string", "codaType": "email", "display": "iconAndEmail"}, {"display": "icon_and_email"}),
        ({"type": "string", "codaType": "image", "imageOutline": "disabled", "imageShapeStyle": "circle", "width": 9},
         {"outline": "disabled", "shape": "circle", "width": 9}),
        ({"type": "string", "codaType": "selectList", "options": ["a", {"display": "B", "value": "b"}],
          "allowNewValues": True},
         {"options": ["a", {"display": "B", "value": "b"}], "allow_new_values": True}),
        ({"type": "string", "codaType": "selectList", "options": "State"}, {"options": {"function": "State"}}),
        ({"type": "string", "codaType": "selectList", "options": "__coda_dynamic__"},
         {"options": {"function": "__coda_dynamic__"}}),
        ({"type": "string", "codaType": "nonsense", "precision": 1}, {}),
        ({"type": "number", "codaType": "slider", "minimum": 10**399, "maximum": 2}, {"maximum": 2}),
        ({"type": "boolean", "codaType": "currency"}, {}),
    ],
)  # fmt: skip
def test_hints_keep_their_attributes(schema: Mapping[str, Any], attributes: Mapping[str, Any]) -> None:
    assert describe_type(value_type(schema)).get("attributes", {}) == attributes


def test_a_role_that_is_no_name_is_left_out() -> None:
    schema = object_schema({**ROW, "featuredProperties": [{}, [], 5, None]})
    assert schema is not None
    assert schema.featured == ()


def test_thousands_of_names_that_are_alike_become_as_many() -> None:
    """In time that grows with their number: a bundle may declare any, and the host reads them."""
    schema = object_schema({"properties": {"a" + "_" * count: {"type": "string"} for count in range(5_000)}})
    assert schema is not None
    assert len(schema.properties) == 5_000
    assert [*schema.properties][:3] == ["A", "A2", "A3"]


def test_a_schema_with_more_than_anybody_needs_is_none() -> None:
    assert object_schema({"properties": {f"p{count}": {} for count in range(20_001)}}) is None


def test_a_schema_keeps_its_roles_and_loses_those_that_do_not_fit() -> None:
    schema = object_schema(ROW)
    assert schema is not None
    assert schema.card is not None
    assert schema.history is not None
    assert (schema.identity, schema.id, schema.display, schema.featured) == ("Task", "TaskId", "Title", ("Due",))
    assert (schema.description, schema.history.created_at, schema.history.modified_by) == ("A task.", "Due", "")
    card = {name: getattr(getattr(schema.card, name), "property", "") for name in ("title", "link", "snippet", "image")}
    assert card == {"title": "Title", "link": "Page", "snippet": "Owner.Name", "image": ""}
    assert [(each.text, each.link, each.image) for each in schema.attribution] == [
        ("From there.", "", ""),
        ("There", "https://example.com", ""),
        ("https://example.com", "https://example.com", "https://example.com/a.png"),
    ]
    title = schema.properties["Title"]
    assert (title.mutable, title.description, title.display_name) == (True, "What.", "To do")
    assert schema.properties["TaskId"].required


def test_names_that_no_formula_can_write_get_others_and_keep_their_keys() -> None:
    schema = object_schema(
        {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("1st", "a b", "aB", "AB", "…", "x" * 60)},
        }
    )
    assert schema is not None
    assert {name: each.from_key for name, each in schema.properties.items()} == {
        "Property1st": "1st",
        "AB": "a b",
        "AB2": "aB",
        "AB3": "AB",
        "Property": "…",
        "X" + "x" * 49: "x" * 60,
    }


def test_a_schema_goes_back_to_a_pack_as_it_knows_schemas() -> None:
    schema = object_schema(ROW)
    assert schema is not None
    rows = coda_rows(json.loads(json.dumps(describe_type(value_type(ROW))["schema"])))
    again = object_schema(rows["items"])
    assert again is not None
    assert [*again.properties] == [*schema.properties]
    assert [each.value_type.kind for each in again.properties.values()] == [
        each.value_type.kind for each in schema.properties.values()
    ]
    assert (again.id, again.display, again.identity) == ("TaskId", "Title", "Task")


@pytest.mark.parametrize(
    ("coda", "written"),
    [
        ({"type": "None"}, None),
        ({"type": "Various"}, None),
        (5, None),
        ({"type": "CodaApiHeaderBearerToken", "networkDomain": "example.com"},
         {"kind": "HeaderBearerToken", "domain": "example.com"}),
        ({"type": "HeaderBearerToken", "requiresEndpointUrl": True, "endpointDomain": "example.com",
          "instructionsUrl": "https://example.com/keys"},
         {"kind": "HeaderBearerToken", "endpoint": {"domain": "example.com"},
          "instructions_url": "https://example.com/keys"}),
        ({"type": "HeaderBearerToken", "requiresEndpointUrl": True},
         {"kind": "HeaderBearerToken", "endpoint": {"domain": ""}}),
        ({"type": "MultiHeaderToken", "headers": [{"name": "X-A", "description": "A", "tokenPrefix": "T"}]},
         {"kind": "MultiHeaderToken", "headers": [{"name": "X-A", "description": "A", "prefix": "T"}]}),
        ({"type": "MultiQueryParamToken", "params": [{"name": "a", "description": "A"}]},
         {"kind": "MultiQueryParamToken", "parameters": [{"name": "a", "description": "A"}]}),
        ({"type": "WebBasic", "uxConfig": {"placeholderUsername": "Key", "usernameOnly": True}},
         {"kind": "WebBasic", "username": "Key", "username_only": True}),
        ({"type": "Custom", "params": [{"name": "key", "description": "A key."}]},
         {"kind": "Custom", "fields": [{"name": "key", "description": "A key."}]}),
        ({"type": "OAuth2", "authorizationUrl": "https://a.example", "tokenUrl": "https://b.example", "scopes": ["x"],
          "additionalParams": {"access_type": "offline", "n": 1}, "credentialsLocation": "Body", "endpointKey": "site",
          "useProofKeyForCodeExchange": True, "pkceChallengeMethod": "plain", "nestedResponseKey": "user"},
         {"kind": "OAuth2", "authorization_url": "https://a.example", "token_url": "https://b.example", "scopes": ["x"],
          "parameters": {"access_type": "offline", "n": "1"}, "credentials": "body", "endpoint_field": "site",
          "pkce": "plain", "token_field": "user"}),
        ({"type": "OAuth2", "useDynamicClientRegistration": True}, None),
        ({"type": "OAuth2ClientCredentials", "tokenUrl": "https://b.example",
          "credentialsLocation": "AuthorizationHeader"},
         {"kind": "OAuth2ClientCredentials", "token_url": "https://b.example", "credentials": "header"}),
        ({"type": "GoogleDomainWideDelegation", "scopes": ["x"]},
         {"kind": "GoogleDomainWideDelegation", "scopes": ["x"]}),
        ({"type": "AWSAccessKey", "service": "s3", "networkDomain": ["a.example", "b.example"]},
         {"kind": "AWSAccessKey", "service": "s3", "domain": "a.example"}),
    ],
)  # fmt: skip
def test_authentication_is_written_in_full(coda: Any, written: Any) -> None:
    assert write_authentication(coda) == written


def test_what_tells_about_an_account_is_written() -> None:
    declared = {"getConnectionName": True, "postSetup": [{"name": "Site", "description": "Which one."}, 5]}
    assert write_account(declared) == {
        "name": True,
        "user_id": False,
        "steps": [{"name": "Site", "description": "Which one."}],
    }
    assert write_account(None) == {"name": False, "user_id": False, "steps": []}


def test_what_packsys_has_no_word_for_is_kept_in_the_words_of_the_sdk() -> None:
    formula = {
        "name": "Find",
        "description": "Finds.",
        "instructions": "Ask first.",
        "allowedAuthenticationNames": ["team"],
        "validateParameters": {"execute": True},
        "parameters": [{"name": "what", "type": 0, "allowedPresetValues": ["a"], "suggestedValue": "b"}],
        "resultType": 0,
        "examples": [{"params": [UNDEFINED, float("inf")], "result": "x"}],
    }
    table = {
        "name": "Tasks",
        "identityName": "Task",
        "schema": ROW,
        "getter": {"name": "Tasks", "parameters": [], "executeUpdate": True, "extraOAuthScopes": ["write"]},
        "namedPropertyOptions": {"State": {"execute": True}},
        "role": "users",
    }
    declared = {"version": "1.2", "formulas": [formula], "syncTables": [table], "skills": [{"name": "Help"}]}
    manifest = write_manifest(declared, pack_id=7, name="Test", version="1.2", web=True)
    assert validate(manifest) == json.loads(json.dumps(manifest, allow_nan=False))
    assert manifest["coda"] == {
        "version": "1.2",
        "skills": [{"name": "Help"}],
        "formulas": {
            "Find": {
                "instructions": "Ask first.",
                "allowedAuthenticationNames": ["team"],
                "validateParameters": {"execute": True},
                "parameters": {"what": {"allowedPresetValues": ["a"]}},
            }
        },
        "syncTables": {"Tasks": {"extraOAuthScopes": ["write"], "role": "users", "namedPropertyOptions": ["State"]}},
        "web": True,
    }
    assert manifest["formulas"][0]["parameters"][0]["suggested"] == "b"
    assert read_schema(manifest["sync_tables"][0]["schema"]).id == "TaskId"
    assert manifest["sync_tables"][0]["max_update_batch_size"] == 1


# The words of the SDK, so that lies are told in the right places.
WORDS = st.sampled_from(
    re.findall(
        r"\w+",
        """formulas syncTables
    formats name description parameters varargParameters type items schema properties codaType
    resultType examples params result getter identity identityName idProperty displayProperty featuredProperties
    titleProperty subtitleProperties options minimum maximum precision defaultAuthentication postSetup scopes headers
    additionalParams uxConfig networkDomain networkDomains namedPropertyOptions attribution matchers suggestedValue
    allowEmpty isDynamic maxUpdateBatchSize executeUpdate fromKey autocomplete cacheTtlSecs version""",
    )
)
plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**399)
    | st.floats()
    | st.just(UNDEFINED)
    | st.text(max_size=5)
)
known = st.sampled_from(
    ["string", "number", "array", "object", "slider", "percent", "OAuth2", "Custom", "https://a.example"]
)
lies = st.recursive(
    plain | known | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=6),
    max_leaves=30,
)


entry = st.dictionaries(WORDS, lies, max_size=8)
entries = st.lists(entry, max_size=2)
declarations = st.fixed_dictionaries(
    {},
    optional={
        "formulas": entries | lies,
        "syncTables": entries | lies,
        "formats": entries | lies,
        "defaultAuthentication": entry | lies,
    },
)


@given(declarations)
def test_whatever_a_bundle_declares_becomes_plain_json(declared: dict[str, Any]) -> None:
    manifest = write_manifest(declared, pack_id=7, name="Test", version="1.0.0")
    assert json.loads(json.dumps(manifest, allow_nan=False)) == manifest


hints = st.sampled_from([each.value for each in Hint])
said = "minimum maximum precision options format items idProperty subtitleProperties attribution identity titleProperty"
optional: dict[str, Any] = dict.fromkeys(re.findall(r"\w+", said), lies)
optional["properties"] = st.dictionaries(st.text(max_size=9), lies, max_size=3)
shaped = st.fixed_dictionaries({"type": known, "codaType": hints}, optional=optional)


@given(shaped)
def test_whatever_a_schema_says_becomes_a_type(schema: dict[str, Any]) -> None:
    describe_type(value_type(schema))

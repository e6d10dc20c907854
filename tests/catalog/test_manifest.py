"""A pack's declaration survives as plain JSON, and the house reads the manifest alone."""

from __future__ import annotations

import json
from typing import Annotated, Any

from hypothesis import given
from hypothesis import strategies as st

from packsys.catalog.manifest import describe, describe_type, read_type, release, result_types
from packsys.language.signature import Kind, Need, Parameter, Shape, Signature
from packsys.model import PackFormula
from packsys.sdk import (
    Anything,
    Context,
    Example,
    HeaderBearerToken,
    Hint,
    Number,
    ObjectSchema,
    Pack,
    Property,
    Text,
    Type,
    Url,
)

pack = Pack(
    id=9102,
    name="Trial",
    version="2.1.0",
    description="For a test.",
    domains=["api.example.com"],
    base_url="https://api.example.com/v1/",
    authentication=HeaderBearerToken(instructions_url="https://example.com/tokens"),
)
Thing = ObjectSchema("Thing", id="Url", display="Url", properties={"Url": Property(Url, from_key="html_url")})


@pack.formula(result=Thing.list(), cache_ttl=60, examples=[Example(arguments=["a"], result=[{"Url": "https://x"}])])
def things(
    context: Context,
    name: Annotated[str, "Its name."],
    limit: Annotated[int, "How many."] = 10,
) -> list[dict[str, Any]]:
    """Lists things."""
    return []


@pack.formula(is_action=True, connection="optional")
def post(context: Context, *texts: Annotated[str, "What to post."]) -> None:
    """Posts something."""


MANIFEST = json.loads(json.dumps(describe(pack)))


def test_a_release_is_read_from_the_manifest() -> None:
    found = release(MANIFEST)
    assert (found.id, found.name, found.version, found.domains) == (9102, "Trial", "2.1.0", ("api.example.com",))
    assert found.base_url == "https://api.example.com/v1"
    assert found.authentication == {"kind": "HeaderBearerToken", "instructions_url": "https://example.com/tokens"}
    assert found.formulas["Things"] == PackFormula(
        signature=Signature(
            pack_id=9102,
            pack="Trial",
            version="2.1.0",
            name="Things",
            parameters=(
                Parameter(name="name", shape=Shape(Kind.TEXT), description="Its name."),
                Parameter(name="limit", shape=Shape(Kind.NUMBER), required=False, default=10, description="How many."),
            ),
            result=Shape(Kind.LIST, item=Shape(Kind.OBJECT, properties={"Url": Shape(Kind.TEXT)})),
            account=Need.REQUIRED,
            description="Lists things.",
        ),
        cache_ttl=60.0,
        timeout=30.0,
        attempts=4,
    )


def test_how_long_an_old_result_may_be_used_is_said_where_it_is_said() -> None:
    patient = Pack(id=9104, name="Patient", version="1.0.0", description="For a test.")

    @patient.formula(cache_ttl=60, cache_stale=600)
    def read(context: Context) -> str:
        """Reads."""
        return ""

    manifest = json.loads(json.dumps(describe(patient)))
    assert release(manifest).formulas["Read"].cache_stale == 600.0
    assert "cache_stale" not in MANIFEST["formulas"][0]


def test_an_action_is_an_action_in_its_signature() -> None:
    signature = release(MANIFEST).formulas["Post"].signature
    assert (signature.action, signature.account, signature.result) == (True, Need.OPTIONAL, Shape(Kind.ANY))
    assert [(each.name, each.variadic, each.required) for each in signature.parameters] == [("texts", True, False)]


def test_a_pack_without_authentication_says_nothing_about_it() -> None:
    plain = Pack(id=9103, name="Plain", version="1.0.0", description="For a test.")
    assert release(describe(plain)).authentication == {}


def test_result_types_come_back_whole() -> None:
    (item,) = [result_types(MANIFEST)["Things"].item]
    assert item is not None
    assert item.schema is not None
    assert (item.schema.name, item.schema.id, item.schema.display) == ("Thing", "Url", "Url")
    assert item.schema.properties["Url"] == Property(Url, from_key="html_url")


scalars = st.sampled_from([Anything, Text, Number, Url, Number.shown_as(Hint.SCALE, maximum=5)])
keys = st.sampled_from(["full_name", "Stars", "url", "名字"])


def objects(inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
    schemas = st.dictionaries(keys, st.builds(Property, inner, required=st.booleans()), min_size=1, max_size=3)
    return schemas.map(lambda properties: ObjectSchema("Row", properties=properties).list().item or Anything)


types = st.recursive(scalars, lambda inner: inner.map(Type.list) | objects(inner), max_leaves=6)


@given(types)
def test_any_type_survives_its_manifest(declared: Type) -> None:
    written = json.loads(json.dumps(describe_type(declared)))
    assert describe_type(read_type(written)) == written

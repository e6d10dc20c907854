"""Every kind of authentication declares itself, and none that lets a secret go astray."""

from __future__ import annotations

from typing import Any

import pytest

from packsys.sdk import (
    AWSAccessKey,
    AWSAssumeRole,
    Context,
    Custom,
    CustomHeaderToken,
    Endpoint,
    Field,
    GoogleDomainWideDelegation,
    GoogleServiceAccount,
    Header,
    HeaderBearerToken,
    MultiHeaderToken,
    MultiQueryParamToken,
    NoAuthentication,
    OAuth2,
    OAuth2ClientCredentials,
    QueryParamToken,
    WebBasic,
)
from packsys.sdk.authentication import KINDS, SYSTEM_KINDS
from tests.sdk.declaring import a_pack, refused

DOMAINS = ["api.example.com", "files.example.com"]
AUTHORIZE, TOKEN = "https://example.com/authorize", "https://example.com/token"
SCOPE = "https://www.googleapis.com/auth/drive"

WHOLE = [
    NoAuthentication(),
    HeaderBearerToken(),
    CustomHeaderToken(header="X-Api-Key", prefix="Token"),
    MultiHeaderToken(headers=[Header(name="X-Id"), Header(name="X-Secret", description="The secret.")]),
    QueryParamToken(parameter="api_key"),
    MultiQueryParamToken(parameters=[Field(name="id"), Field(name="key")]),
    OAuth2(authorization_url=AUTHORIZE, token_url=TOKEN, scopes=["read", "write"], pkce="S256"),
    OAuth2ClientCredentials(token_url=TOKEN),
    WebBasic(username_only=True),
    Custom(fields=[Field(name="shop")]),
    AWSAccessKey(service="s3"),
    AWSAssumeRole(service="execute-api"),
    GoogleServiceAccount(scopes=[SCOPE]),
    GoogleDomainWideDelegation(scopes=[SCOPE]),
]


@pytest.mark.parametrize("declared", WHOLE, ids=lambda each: type(each).__name__)
def test_a_kind_is_taken_as_it_is(declared: Any) -> None:
    assert a_pack(domains=["api.example.com"], authentication=declared).authentication is declared


def test_no_kind_is_forgotten_here() -> None:
    assert {type(each) for each in WHOLE} == set(KINDS)


@pytest.mark.parametrize("declared", WHOLE, ids=lambda each: type(each).__name__)
def test_a_pack_signs_in_by_itself_only_where_no_person_is_needed(declared: Any) -> None:
    terms: dict[str, Any] = {"domains": ["api.example.com"], "system_authentication": declared}
    if isinstance(declared, SYSTEM_KINDS):
        assert a_pack(**terms).system_authentication is declared
    else:
        assert "which needs a person" in refused(lambda: a_pack(**terms))


@pytest.mark.parametrize(
    ("declared", "domains", "sentence"),
    [
        (HeaderBearerToken(), [], "declare those that may receive the secret"),
        (HeaderBearerToken(), DOMAINS, "say domain=… with the one that receives the secret"),
        (HeaderBearerToken(domain="api.exmple.com"), DOMAINS, "did you mean 'api.example.com'?"),
        (HeaderBearerToken(endpoint=Endpoint(domain="example")), DOMAINS[:1], "one label covers far too much"),
        (CustomHeaderToken(header="X Key"), DOMAINS[:1], "use letters, digits and dashes"),
        (CustomHeaderToken(header="X-Key\r\nX-Evil"), DOMAINS[:1], "use letters, digits and dashes"),
        (CustomHeaderToken(header="Host"), DOMAINS[:1], "is not for secrets"),
        (MultiHeaderToken(headers=[]), DOMAINS[:1], "give at least one"),
        (MultiHeaderToken(headers=[Header(name="a"), Header(name="A")]), DOMAINS[:1], "name each once"),
        (QueryParamToken(parameter="api key"), DOMAINS[:1], "without blanks"),
        (MultiQueryParamToken(parameters=[]), DOMAINS[:1], "give at least one"),
        (Custom(fields=[Field(name="a"), Field(name="a")]), DOMAINS[:1], "name each once"),
        (AWSAccessKey(service="Amazon S3"), DOMAINS[:1], "such as 's3'"),
        (GoogleServiceAccount(scopes=()), DOMAINS[:1], "asks for no scopes"),
        (OAuth2(authorization_url="http://example.com", token_url=TOKEN), DOMAINS[:1], "begin it with 'https://'"),
        (OAuth2ClientCredentials(token_url="example.com/token"), DOMAINS[:1], "begin it with 'https://'"),
        (OAuth2(authorization_url=AUTHORIZE, token_url=TOKEN, scopes="read"), DOMAINS[:1], "write scopes=['read']"),
        (OAuth2(authorization_url=AUTHORIZE, token_url=TOKEN, scopes=["a b"]), DOMAINS[:1], "list each scope"),
    ],
)
def test_authentication_is_refused(declared: Any, domains: list[str], sentence: str) -> None:
    assert sentence in refused(lambda: a_pack(domains=domains, authentication=declared))


def test_of_several_domains_the_named_one_receives_the_secret() -> None:
    pack = a_pack(domains=DOMAINS, authentication=HeaderBearerToken(domain="api.example.com"))
    assert pack.authentication is not None
    assert pack.authentication.domain == "api.example.com"


def test_an_account_with_an_endpoint_of_its_own_needs_no_domains() -> None:
    assert a_pack(authentication=HeaderBearerToken(endpoint=Endpoint())).domains == ()


def test_a_pack_without_accounts_cannot_tell_about_them() -> None:
    def name(context: Context) -> str:
        return "me"

    assert "declares no authentication" in refused(lambda: a_pack().connection_name(name))
    assert "declares no authentication" in refused(lambda: a_pack().connection_user_id(name))
    assert "declares no authentication" in refused(lambda: a_pack().endpoint_step("Site")(name))

"""Packs over HTTP: which there are, what they declare, and how one is published."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from packsys.catalog.shape import manifest_schema
from packsys.model import Release, Scope
from packsys.service.auth import Caller, House, keyed, keyed_router
from packsys.service.intake import ARCHIVE, media_type
from packsys.service.problems import UnsupportedMediaType, declare

router: APIRouter = keyed_router(tag="packs")

AT_ONCE = 4
"""How many archives are taken in and looked through at once; the others wait before their first byte is read."""

PackId = Annotated[int, Path(ge=1, le=2**31 - 1, description="The number of a pack.", examples=[1013])]
VersionText = Annotated[str, Path(pattern=r"^[0-9A-Za-z.+-]{1,100}$", examples=["1.0.0"])]
Known = Annotated[
    str | SkipJsonSchema[None], Header(alias="If-None-Match", description="The ETag of the manifest that is known.")
]
REVALIDATED = {"ETag": {"required": True, "schema": {"type": "string"}}}
SCHEMA = {"content": {"application/schema+json": {"schema": {"type": "object"}}}}
BODY = {"required": True, "content": {ARCHIVE.media_type: {"schema": {"type": "string", "format": "binary"}}}}


class VersionView(BaseModel):
    """Is one version of a pack; it never changes."""

    version: str = Field(examples=["1.0.0"])
    runtime: str = Field(examples=["python"])
    digest: str = Field(description="The SHA-256 of its archive; of a pack that ships, that of its manifest.")


class PackView(VersionView):
    """Is a pack, in one of its versions."""

    id: int = Field(examples=[1013])
    name: str = Field(examples=["GitHub"])
    description: str
    categories: list[str]
    domains: list[str] = Field(description="The hosts that its code may reach.", examples=[["api.github.com"]])


async def uploaded(request: Request) -> AsyncIterator[bytes]:
    """Reads an archive, when it is its turn; raises UnsupportedMediaType, TooLarge and TooSlow."""
    if media_type(request.headers) != ARCHIVE.media_type:
        raise UnsupportedMediaType(ARCHIVE.media_type)
    async with request.app.state.uploads:
        yield await request.body()


Archive = Annotated[bytes, Depends(uploaded)]


@router.post(
    "/packs",
    status_code=201,
    dependencies=[keyed(Scope.PACKS)],
    response_description="The version is published; formulas can use it within a second.",
    responses={200: {"model": PackView, "description": "This archive was published before."}, **declare(403, 409)},
    openapi_extra={"requestBody": BODY},
)
async def publish_pack(content: Archive, house: House, key: Caller, response: Response) -> PackView:
    """Publishes a pack version: the body is its archive, as `packsys pack build` makes it.

    The manifest is checked again, and held against what the code declares when it is loaded in the sandbox. A
    version never changes: the same archive again is harmless, another one under its version is refused.
    """
    published = await to_thread.run_sync(house.publish, content, key.id)
    response.status_code = 201 if published.new else 200
    return pack_view(published.release)


@router.get("/packs")
def list_packs(house: House) -> list[PackView]:
    """Lists the packs by name, each in its newest version."""
    return [pack_view(each) for each in house.registry.newest()]


@router.get("/packs/{pack_id}", responses=declare(404))
def read_pack(pack_id: PackId, house: House) -> PackView:
    """Gives a pack in its newest version."""
    return pack_view(house.registry.versions(pack_id)[0])


@router.get("/packs/{pack_id}/versions", responses=declare(404))
def list_versions(pack_id: PackId, house: House) -> list[VersionView]:
    """Lists the versions of a pack, the newest first."""
    return [version_view(each) for each in house.registry.versions(pack_id)]


@router.get(
    "/packs/{pack_id}/versions/{version}/manifest",
    response_model=dict[str, Any],
    responses={
        200: {"headers": REVALIDATED, "description": "What the pack declares, as /manifest.schema.json describes it."},
        304: {"headers": REVALIDATED, "description": "The manifest is the one that is known."},
        **declare(404),
    },
)
def read_manifest(pack_id: PackId, version: VersionText, house: House, known: Known = None) -> Response:
    """Gives the manifest of a version; its ETag is the version's digest."""
    release = house.registry.get(pack_id, version)
    headers = {"ETag": f'"{release.digest}"', "Cache-Control": "private, no-cache"}
    if is_known(headers["ETag"], known or ""):
        return Response(status_code=304, headers=headers)
    return JSONResponse(dict(release.manifest), headers=headers)


open_router = APIRouter(tags=["packs"], responses=declare(413, 415, 500))


@open_router.get("/manifest.schema.json", responses={200: SCHEMA})
async def read_manifest_schema() -> Response:
    """Gives the JSON Schema of manifests; it needs no key, so that editors can read it."""
    headers = {"Cache-Control": "public, max-age=3600", "Cross-Origin-Resource-Policy": "cross-origin"}
    return JSONResponse(dict(manifest_schema()), headers=headers, media_type="application/schema+json")


def is_known(etag: str, known: str) -> bool:
    """Tells whether an If-None-Match header (RFC 9110, section 13.1.2) names a tag."""
    return known.strip() == "*" or etag in (each.strip().removeprefix("W/") for each in known.split(","))


def version_view(release: Release) -> VersionView:
    """Shows a release among those of its pack."""
    return VersionView(version=release.version, runtime=release.runtime, digest=release.digest)


def pack_view(release: Release) -> PackView:
    """Shows a pack to clients."""
    return PackView(
        id=release.pack_id,
        name=release.name,
        version=release.version,
        runtime=release.runtime,
        digest=release.digest,
        description=release.manifest["description"],
        categories=release.manifest.get("categories", []),
        domains=release.manifest["domains"],
    )

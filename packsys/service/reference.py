"""Shows the OpenAPI description as a page for people: no script, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code { font-family: ui-monospace, monospace; font-size: .9em; }
section { border-top: 1px solid #8885; padding-top: .5rem; }
td, th { text-align: left; vertical-align: top; padding: .15rem 1.5rem .15rem 0; }
:root { color-scheme: light dark; }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    """Gives the page."""
    return HTMLResponse(page(request.app.openapi()), headers={"Content-Security-Policy": POLICY})


def page(described: Mapping[str, Any]) -> str:
    """Writes the description of an API as HTML: its operations, then the shapes of what they take and give."""
    info = described["info"]
    operations = (
        operation(method, path, told)
        for path, methods in described["paths"].items()
        for method, told in methods.items()
    )
    shapes = (shape(name, told) for name, told in sorted(described["components"]["schemas"].items()))
    body = [f"<h1>{escape(info['title'])} {escape(info['version'])}</h1>", _text(info["description"])]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(info["title"])}</title>'
        f"<style>{STYLE}</style>{''.join([*body, *operations, *shapes])}</html>"
    )


def operation(method: str, path: str, told: Mapping[str, Any]) -> str:
    """Writes one operation: what it does, what it takes, and what it answers."""
    taken = [(f"{p['name']} <small>in {p['in']}</small>", _kind(p["schema"]), p) for p in told.get("parameters", [])]
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    taken += [("<small>body</small>", _kind(body), {})] if body else []
    answers = ((status, _content(answer), answer) for status, answer in told["responses"].items())
    title = f"<h2><code>{method.upper()} {escape(path)}</code></h2>"
    return f"<section>{title}{_text(told.get('description', ''))}{_table(taken)}{_table(answers)}</section>"


def shape(name: str, told: Mapping[str, Any]) -> str:
    """Writes the fields of one schema."""
    fields = ((field, _kind(schema), schema) for field, schema in told.get("properties", {}).items())
    return f'<section id="{name}"><h3>{name}</h3>{_text(told.get("description", ""))}{_table(fields)}</section>'


def _table(rows: Iterable[tuple[str, str, Mapping[str, Any]]]) -> str:
    cells = (
        f"<tr><td><code>{name}</code><td>{kind}<td>{escape(told.get('description', ''))}" for name, kind, told in rows
    )
    return f"<table>{''.join(cells)}</table>"


def _kind(schema: Mapping[str, Any]) -> str:
    if name := schema.get("$ref", "").rpartition("/")[2]:
        return f'<a href="#{name}">{name}</a>'
    if either := schema.get("anyOf"):
        return " or ".join(map(_kind, either))
    if item := schema.get("items"):
        return f"list of {_kind(item)}"
    return escape(str(schema.get("format") or schema.get("type") or "any"))


def _content(answer: Mapping[str, Any]) -> str:
    return " or ".join(
        _kind(content["schema"]) if "schema" in content else media
        for media, content in answer.get("content", {}).items()
    )


def _text(text: str) -> str:
    return "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n"))

"""The page of figures, and the files for Prometheus, name the figures that there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from packsys.metrics.declared import METRICS, Kind
from tests.docs.metrics import page

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES: dict[str, dict[str, Any]] = {
    rule["alert"]: rule
    for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
}
NAMED = re.compile(r"\b(pack(?:sys)?_[a-z_]+)(?:\{([^}]*)\})?")


def test_the_page_is_what_the_code_says() -> None:
    assert (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_names_are_as_prometheus_advises(metric: Any) -> None:
    """Counters end in _total, units are the base units, and a sentence says what it is."""
    assert re.fullmatch(r"(packsys|pack)_[a-z_]+", metric.name)
    assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert not re.search(r"_(ms|milliseconds|kb|megabytes|minutes)(_|$)", metric.name)
    assert re.fullmatch(r"[A-Z].*\.", metric.help)
    assert {"workspace", "account", "job", "run", "step", "id", "path"}.isdisjoint(metric.labels)


@pytest.mark.parametrize("name", RULES)
def test_an_alert_names_figures_that_there_are(name: str) -> None:
    found = NAMED.findall(RULES[name]["expr"])
    assert found
    for metric, matched in found:
        assert metric in METRICS
        assert set(re.findall(r"(\w+)!?=", matched)) <= set(METRICS[metric].labels)


@pytest.mark.parametrize("name", RULES)
def test_an_alert_says_what_to_do(name: str) -> None:
    rule = RULES[name]
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"].endswith(".")
    assert len(rule["annotations"]["action"]) > 80
    assert rule["expr"].count("(") == rule["expr"].count(")")


def test_what_is_scraped_is_what_is_deployed() -> None:
    """The service and the workers of docker-compose.yml, on the ports that they have there."""
    scraped = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    service, workers = scraped["scrape_configs"]
    assert service["static_configs"][0]["targets"] == ["service:8000"]
    (found,) = workers["dns_sd_configs"]
    for name in found["names"]:
        assert "outside" in compose[name]["networks"]
    assert f"0.0.0.0:{found['port']}" in (PROMETHEUS / "prometheus.yml").read_text()
    assert scraped["rule_files"] == ["alerts.yml"]

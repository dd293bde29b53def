# SPDX-License-Identifier: BSD-2-Clause
"""monitoring/: rules that work, about series that there are, with a page for each alert."""
import json
import re
import subprocess

import yaml

from figures import Figures
from stack import ROOT

FOLDER = ROOT / "monitoring"


def rules():
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def names_in(expression):
    return set(re.findall(r"\b(?:larder|process)_[a-z_]+\b", expression))


def known(http):
    """Names of series, and the pairs of label and value that they have."""
    http.get("/api/products?limit=1")
    now = Figures(http)
    return ({name for name, _, _ in now.series} | set(now.types),
            {pair for _, labels, _ in now.series for pair in labels.items()})


def test_the_rules_are_tested():
    done = subprocess.run(["promtool", "test", "rules", "alerts_test.yml"], cwd=FOLDER,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_once_and_is_quiet_once():
    tests = yaml.safe_load((FOLDER / "alerts_test.yml").read_text())["tests"]
    cases = [(case["alertname"], bool(case["exp_alerts"]))
             for test in tests for case in test["alert_rule_test"]]
    for rule in rules():
        assert {(rule["alert"], True), (rule["alert"], False)} <= set(cases), rule["alert"]


def test_each_alert_has_a_severity_and_a_page():
    text = (ROOT / "docs" / "runbook.md").read_text()
    pages = {f"docs/runbook.md#{title.lower()}" for title in re.findall(r"^## (\S+)$", text, re.M)}
    assert pages == {rule["annotations"]["runbook_url"] for rule in rules()}
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert rule["annotations"]["runbook_url"].endswith("#" + rule["alert"].lower())
    for link in re.findall(r"\]\(#([a-z]+)\)", text):
        assert f"docs/runbook.md#{link}" in pages


def labels_in(expression):
    """The pairs of label and value that it asks for, without those that Prometheus adds."""
    return {(label, value) for label, text in re.findall(r'(\w+)=~?"([^"]*)"', expression)
            if label not in ("job", "instance") for value in text.split("|")}


def test_alerts_and_dashboard_ask_for_what_there_is(http):
    names, labels = known(http)
    dashboard = json.loads((FOLDER / "dashboard.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert len(asked) > 20 and len({panel["id"] for panel in dashboard["panels"]}) == \
        len(dashboard["panels"])
    for expression in asked + [rule["expr"] for rule in rules()]:
        assert names_in(expression) <= names and labels_in(expression) <= labels, expression

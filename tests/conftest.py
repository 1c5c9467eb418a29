"""Starts and stops the servers of a test run, and says what the run left out."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from typing import Any

import pytest
import structlog
from _pytest.terminal import TerminalReporter

from tests import servers

NEEDS = {"postgres": "PostgreSQL", "redis": "Redis"}
REMEDY = {
    "PostgreSQL": "apt-get install postgresql, or set TEST_DATABASE_URL",
    "Redis": "apt-get install redis-server, or set TEST_REDIS_URL",
}
PROGRAMS = {"nginx", "caddy", "haproxy"}
"""Gateways that tests start themselves: each is a marker, a program and a Debian package."""

REASON = "needs a server that is not here: "


def pytest_configure(config: pytest.Config) -> None:
    """Take the servers from the controller, in a worker of pytest-xdist; log as a server does."""
    *before, _ = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*before, plain])
    if hasattr(config, "workerinput"):
        servers.adopt(config.workerinput["servers"])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand the servers to a worker that is about to start."""
    worker = node.workerinput["workerid"]
    index = int(worker.removeprefix("gw"))
    handed = servers.hand_over(worker, index, node.workerinput["workercount"])
    node.workerinput["servers"] = handed


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a server that is not here; under CI=true fail it."""
    for marker, server in NEEDS.items():
        if item.get_closest_marker(marker) and server in servers.left_out():
            if servers.in_ci():
                pytest.fail(REASON + server, pytrace=False)
            pytest.skip(REASON + server)
    for program in sorted(PROGRAMS):
        if item.get_closest_marker(program) and find(program) is None:
            reason = f"needs a program that is not here: {program} (apt-get install {program})"
            (pytest.fail(reason, pytrace=False) if servers.in_ci() else pytest.skip(reason))


def find(program: str) -> str | None:
    """Where a program is; Debian keeps servers where not everybody's PATH leads."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Under CI=true a run that left something out has failed."""
    if servers.in_ci() and session.exitstatus == pytest.ExitCode.OK and _left_out(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(config: pytest.Config) -> Generator[None]:
    """Close with what was left out and how to include it, under everybody else's sections."""
    yield
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    missing = _left_out(config)
    if missing and isinstance(terminal, TerminalReporter):
        verdict = " Under CI=true this fails the run." if servers.in_ci() else ""
        terminal.write_line(f"Left out: {'; '.join(missing)}.{verdict}", yellow=True, bold=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers, however the run ended."""
    servers.stop()


def _left_out(config: pytest.Config) -> list[str]:
    """List the servers that are missing, and every other reason for which a test was skipped."""
    missing = servers.left_out() if servers.asked() else {}
    sentences = [f"{server} ({why}; {REMEDY[server]})" for server, why in missing.items()]
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    skipped = terminal.stats.get("skipped", []) if isinstance(terminal, TerminalReporter) else []
    reasons = {str(report.longrepr[2]).removeprefix("Skipped: ") for report in skipped}
    return sentences + sorted(reason for reason in reasons if not reason.startswith(REASON))

"""Starting: one command, a card, a clean stop; and one clear line when it cannot start."""

import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests import plain_http

COUNTERFOIL = str(Path(sys.executable).parent / "counterfoil")


def run(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in an empty folder, with nothing of ours in the environment."""
    return subprocess.run(
        [COUNTERFOIL, *words],
        cwd=cwd,
        env=bare() | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def bare() -> dict[str, str]:
    """The environment without settings of ours."""
    return {k: v for k, v in os.environ.items() if not k.startswith("COUNTERFOIL_")}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    cwd: Path, port: int, *options: str, **settings: str
) -> Iterator["subprocess.Popen[str]"]:
    """`counterfoil serve --demo`, ready; killed at the end if it is still there."""
    process = subprocess.Popen(
        [COUNTERFOIL, "serve", "--demo", "--port", str(port), *options],
        cwd=cwd,
        env=bare() | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        wait_until_ready(port, process)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def wait_until_ready(port: int, process: "subprocess.Popen[str]") -> None:
    """Return once /readyz says 200; fail when the process ends or half a minute passes."""
    for _ in range(600):
        if process.poll() is not None:
            pytest.fail(f"the server ended: {process.communicate()[0]}")
        try:
            if plain_http.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    pytest.fail("the server did not become ready")


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """Two starts of the demo in one folder, each stopped by Ctrl-C: the folder and their words."""
    folder = tmp_path_factory.mktemp("embedded")
    said = []
    for _ in range(2):
        with serving(folder, free_port()) as process:
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=20)
            assert process.returncode == 0, output
            said.append(output)
    return folder, said[0], said[1]


def test_prints_where_to_look_whom_to_log_in_as_and_a_first_call(
    embedded: tuple[Path, str, str],
) -> None:
    _, first, second = embedded

    for said in (first, second):
        for piece in ("/graphql", "ann@qinghe.example", "Password", "/oauth/token", "/authorize"):
            assert piece in said
        assert said.rstrip().endswith("stopped")
        assert "Traceback" not in said


def test_loads_the_demo_once(embedded: tuple[Path, str, str]) -> None:
    folder, first, second = embedded
    with sqlite3.connect(folder / "var" / "counterfoil.db") as database:
        counts = {
            table: database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
            for table in ("products", "plans", "enterprises", "operators")
        }

    assert counts == {"products": 27, "plans": 53, "enterprises": 4, "operators": 7}
    assert "demo: catalogue" in first
    assert "demo: catalogue" not in second


def test_keeps_its_secrets_to_itself(embedded: tuple[Path, str, str]) -> None:
    folder, _, _ = embedded

    for name in ("secret_key", "demo.json"):
        assert stat.S_IMODE((folder / "var" / name).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"COUNTERFOIL_PROT": "8000"}, "COUNTERFOIL_PROT: there is no such setting; did you mean"),
        ({"COUNTERFOIL_PORT": "eighty"}, "COUNTERFOIL_PORT: "),
        ({"COUNTERFOIL_PORT": "70000"}, "COUNTERFOIL_PORT: "),
        ({"COUNTERFOIL_DATABASE_URL": "mysql://x"}, "must start with sqlite:// or postgres://"),
        ({"COUNTERFOIL_REDIS_URL": "http://x"}, "COUNTERFOIL_REDIS_URL: must start with redis://"),
        ({"COUNTERFOIL_SECRET_KEY": "short"}, "COUNTERFOIL_SECRET_KEY: "),
        ({"COUNTERFOIL_MAIN_KEYS_MAX": "many"}, "COUNTERFOIL_MAIN_KEYS_MAX: must be a whole"),
        ({"COUNTERFOIL_DATABASE_URL": "postgres://127.0.0.1:1/x"}, "COUNTERFOIL_SECRET_KEY: is"),
    ],
)
def test_a_bad_setting_is_one_line_that_names_it(
    tmp_path: Path, environment: dict[str, str], said: str
) -> None:
    ended = run("serve", "--demo", cwd=tmp_path, **environment)

    assert ended.returncode == 1
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_link_variables_of_kubernetes_are_no_settings(tmp_path: Path) -> None:
    ended = run(
        "migrate",
        cwd=tmp_path,
        COUNTERFOIL_PORT_8000_TCP="tcp://10.0.0.1:8000",
        COUNTERFOIL_SERVICE_HOST="10.0.0.1",
        COUNTERFOIL_REDIS_SERVICE_PORT="6379",
    )

    assert ended.returncode == 0, ended.stderr


def test_a_taken_port_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run("serve", "--port", str(port), cwd=tmp_path)

    assert ended.returncode == 1
    assert f"--port {port + 1}" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_database_out_of_reach_is_one_line(tmp_path: Path) -> None:
    ended = run(
        "serve",
        "--port",
        str(free_port()),
        cwd=tmp_path,
        COUNTERFOIL_DATABASE_URL=f"postgres://nobody@127.0.0.1:{free_port()}/none",
        COUNTERFOIL_SECRET_KEY="s" * 40,
    )

    assert ended.returncode == 1
    assert "the database cannot be reached" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_database_of_a_newer_program_is_one_line(tmp_path: Path) -> None:
    assert run("migrate", cwd=tmp_path).returncode == 0
    with sqlite3.connect(tmp_path / "var" / "counterfoil.db") as database:
        database.execute(
            "INSERT INTO tortoise_migrations (app, name, applied_at)"
            " VALUES ('domain', '9999_future', CURRENT_TIMESTAMP)"
        )
    ended = run("serve", "--port", str(free_port()), cwd=tmp_path)

    assert ended.returncode == 1
    assert "newer than this program" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_an_unmigrated_database_says_which_command_helps(tmp_path: Path) -> None:
    ended = run("ledger", "verify", cwd=tmp_path)

    assert ended.returncode == 1
    assert "run `counterfoil migrate`" in ended.stderr
    assert run("migrate", cwd=tmp_path).returncode == 0
    assert run("ledger", "verify", cwd=tmp_path).returncode == 0
    assert run("doctor", cwd=tmp_path).returncode == 0


def test_more_workers_than_sqlite_serves_is_one_line(tmp_path: Path) -> None:
    ended = run("serve", "--workers", "2", cwd=tmp_path)

    assert ended.returncode == 1
    assert "needs PostgreSQL and Redis" in ended.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["serve"],
        ["worker"],
        ["migrate"],
        ["seed"],
        ["doctor"],
        ["catalogue", "import"],
        ["operator", "create"],
        ["schema", "export"],
        ["errors", "export"],
        ["ledger", "verify"],
    ],
    ids=" ".join,
)
def test_every_command_has_help_with_an_example(tmp_path: Path, words: list[str]) -> None:
    ended = run(*words, "--help", cwd=tmp_path, COLUMNS="200")

    assert ended.returncode == 0
    assert f"counterfoil {' '.join(words)}" in " ".join(ended.stdout.split())
    assert "Example:" in ended.stdout


def test_the_catalogue_is_imported_from_a_file_and_a_dry_run_writes_nothing(
    tmp_path: Path,
) -> None:
    file = Path("domain/catalog/demo/catalogue.json").resolve()
    run("migrate", cwd=tmp_path)
    dry = run("catalogue", "import", str(file), "--dry-run", cwd=tmp_path)
    real = run("catalogue", "import", str(file), cwd=tmp_path)
    again = run("catalogue", "import", str(file), cwd=tmp_path)

    assert (dry.returncode, real.returncode, again.returncode) == (0, 0, 0), dry.stderr
    assert dry.stdout.startswith("would be ")
    assert dry.stdout.removeprefix("would be ") == real.stdout
    assert "created 0" in again.stdout


def test_a_file_that_is_no_catalogue_is_one_line(tmp_path: Path) -> None:
    run("migrate", cwd=tmp_path)
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "other.json").write_text('{"products": [{"code": 7}]}')

    for name in ("broken.json", "other.json"):
        ended = run("catalogue", "import", name, cwd=tmp_path)
        assert ended.returncode == 1
        assert ended.stderr.count("\n") == 1
        assert "Traceback" not in ended.stderr


def test_an_operator_is_created_once(tmp_path: Path) -> None:
    run("migrate", cwd=tmp_path)
    words = ["operator", "create", "op-new", "--email", "n@x.example", "--password", "long enough"]
    good = run(*words, "--role", "OPERATOR", cwd=tmp_path)
    again = run(*words, "--role", "OPERATOR", cwd=tmp_path)
    odd = run(*words, "--role", "OPERTOR", cwd=tmp_path)

    assert good.returncode == 0, good.stderr
    assert (again.returncode, "is in use" in again.stderr) == (1, True)
    assert (odd.returncode, "did you mean OPERATOR" in odd.stderr) == (1, True)

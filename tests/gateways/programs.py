"""How each gateway is started with the configuration that deploy/ has for it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.conftest import find
from tests.gateways.stand import DEPLOY, Command, configured

CADDY_ALONE: Final = "{\n\tadmin off\n\tauto_https off\n\tstorage file_system FOLDER\n}\n\n"
NGINX_MAIN: Final = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {included};
}}
"""


@dataclass(frozen=True)
class Program:
    """A gateway: how it is started, and what it answers when Counterfoil does not."""

    command: Command
    when_lost: tuple[int, ...]


def _caddy(folder: Path, changes: dict[str, str]) -> list[str]:
    made = configured(DEPLOY / "caddy" / "Caddyfile", folder, changes)
    alone = CADDY_ALONE.replace("FOLDER", str(folder / "caddy"))
    made.write_text(alone + made.read_text())
    return [find("caddy") or "", "run", "--config", str(made), "--adapter", "caddyfile"]


def _haproxy(folder: Path, changes: dict[str, str]) -> list[str]:
    here = DEPLOY / "haproxy"
    in_cfg = {old: new for old, new in changes.items() if old in (here / "haproxy.cfg").read_text()}
    configured(
        here / "counterfoil.lua", folder, {k: v for k, v in changes.items() if k not in in_cfg}
    )
    made = configured(here / "haproxy.cfg", folder, in_cfg)
    return [find("haproxy") or "", "-db", "-f", str(made)]


def _nginx(folder: Path, changes: dict[str, str]) -> list[str]:
    included = configured(DEPLOY / "nginx" / "counterfoil.conf", folder, changes)
    user = "user root;" if os.geteuid() == 0 else ""
    main = folder / "nginx.conf"
    main.write_text(NGINX_MAIN.format(folder=folder, included=included, user=user))
    return [find("nginx") or "", "-p", str(folder), "-c", str(main), "-e", str(folder / "early")]


PROGRAMS: Final = {
    "caddy": Program(_caddy, (502, 504)),
    "haproxy": Program(_haproxy, (503,)),
    "nginx": Program(_nginx, (503,)),
}

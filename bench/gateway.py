"""A real nginx with the configuration of deploy/nginx, one that checks nothing, and one that asks
a bare endpoint, so that what a question costs by itself is seen."""

import os
import shutil
from pathlib import Path
from typing import Final

from bench import processes
from bench.processes import ROOT, Server

PATH: Final = "/v1/ocr/idcard"
SOURCE: Final = ROOT / "deploy" / "nginx" / "counterfoil.conf"
MAIN: Final = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/counterfoil.conf;
    server {{
        listen 127.0.0.1:{plain};
        location /v1/ {{
            proxy_pass http://product;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
        }}
    }}
    upstream nobody {{ server 127.0.0.1:{nobody}; keepalive 64; }}
    server {{
        listen 127.0.0.1:{asking};
        location /v1/ {{
            auth_request /_nobody;
            proxy_pass http://product;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $host;
        }}
        location = /_nobody {{
            internal;
            proxy_pass http://nobody/empty;
            proxy_http_version 1.1;
            proxy_pass_request_body off;
            proxy_set_header Connection "";
            proxy_set_header Content-Length "";
        }}
    }}
}}
"""


def binary() -> str | None:
    """Where nginx is; Debian keeps it where only root looks."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


class Gateway(Server):
    """nginx before Counterfoil and a product; `port` is the checked way, `plain` the other.

    `asking` asks `nobody`, the port of bench.floors.
    """

    def __init__(
        self, folder: Path, *, counterfoil: int, product: int, nobody: int, secret: str
    ) -> None:
        self.plain, self.asking = processes.free_port(), processes.free_port()
        checked = processes.free_port()
        home = folder / "nginx"
        home.mkdir()
        text = SOURCE.read_text()
        for old, new in {
            "127.0.0.1:8000": f"127.0.0.1:{counterfoil}",
            "127.0.0.1:9000": f"127.0.0.1:{product}",
            "127.0.0.1:8080": f"127.0.0.1:{checked}",
            "cfsv_REPLACE_ME": secret,
        }.items():
            if old not in text:
                raise RuntimeError(f"{SOURCE.name} does not hold {old}")
            text = text.replace(old, new)
        (home / SOURCE.name).write_text(text)
        user = "user root;" if os.geteuid() == 0 else ""
        main = home / "nginx.conf"
        ports = {"plain": self.plain, "asking": self.asking, "nobody": nobody}
        main.write_text(MAIN.format(folder=home, user=user, **ports))
        arguments = ["-p", str(home), "-c", str(main), "-e", str(home / "early")]
        super().__init__(arguments, {}, checked, folder=folder, program=binary() or "nginx")


def missing() -> str:
    """One line for a machine without nginx."""
    return "nginx is not on this machine: the gateway is left out"

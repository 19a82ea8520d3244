"""`tallystick demo`: a sample ledger and what collectors do about it, loaded and served."""

import contextlib
from datetime import date
from pathlib import Path

import click

import examples
from application.rule_messages import Telling
from cli.context import Session, command_options, note
from cli.serve import Part, serve_parts
from cli.values import DATE
from domain.api_key import Role
from domain.shared.currency import money_text
from domain.strategy import parsed_strategy
from erp.csv_folder import folder_files
from examples.sample_ledger import write_sample_ledger
from examples.sample_work import MANAGER, Desk, carry_out_work, set_up_site
from projections.aging import aging_cells, aging_groups
from projections.query import fetch
from runtime.keys import create_key, key_id_of
from runtime.rule_messages import run_and_tell
from runtime.site import site_options, today
from runtime.strategies import put_in_force, put_starter_in_force
from runtime.syncing import sync
from runtime.tenants import Tenant, TenantError, create_tenant

DEFAULT_SIZE = 5_000
STRATEGY = Path(examples.__file__).parent / "strategies" / "key_and_watched_accounts.toml"
"""Rules of the classes of the sample work that are not the standard one."""

_READY = ".ends-on"
"""The file that says up to which date a ledger was written, in full."""


@click.command()
@click.option("--size", default=DEFAULT_SIZE, show_default=True, help="Invoices of the ledger.")
@click.option("--ends-on", type=DATE, help="The date up to which it goes; by default today.")
@click.option("--serve/--no-serve", default=True, help="Serve after loading.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@command_options
def demo(
    session: Session, size: int, ends_on: date | None, serve: bool, host: str, port: int
) -> None:
    """Set up a sample ledger, load it, do sample work on it and serve it."""
    database = session.database
    with contextlib.suppress(TenantError):
        create_tenant(database, session.tenant_name)
    tenant = session.tenant()
    put_starter_in_force(database, tenant, actor="demo")
    with database.connect("worker") as connection:
        options = site_options(connection, tenant.id)
        on = ends_on or today(options)
        ending = "" if ends_on is None else f"-{ends_on}"
        folder = session.settings.home / "demo" / f"{tenant.name}-{size}{ending}"
        written_on = _ledger(folder, size, on)
        note("Loading it")
        synced = sync(database, tenant, folder_files(folder), actor="demo", business_date=on)
        outcome = synced.outcome
        note(f"{outcome.read} rows read, {outcome.events} events, position {outcome.position}")
        for group in aging_groups(
            fetch(
                connection,
                aging_cells(tenant.id, options, as_of=on, basis=options.aging_basis),
            ),
            options,
            options.aging_basis,
        ):
            total = money_text(group.amount, group.currency)
            note(f"  {group.company}: {total} {group.currency} open in {group.count} documents")
    note("Doing sample work on it")
    desk = Desk(database, tenant, written_on)
    events = set_up_site(desk)
    key, key_id = _demo_key(session, tenant)
    events += carry_out_work(desk, f"key/{key_id}")
    note(f"{events} events")
    strategy, _ = parsed_strategy(STRATEGY.read_text(encoding="utf-8"))
    put_in_force(database, tenant, strategy, actor="demo", confirmed=True)
    ran = run_and_tell(database, tenant, Telling(on, None, None, "demo", "demo/rules"))
    note(f"Rules made {ran.total('created')} actions and closed {ran.total('closed')} for {on}")
    base = f"http://{host}:{port}"
    click.echo(f"GraphQL (GraphiQL in a browser): {base}/graphql")
    click.echo(f"Schema: {base}/schema.graphql")
    click.echo(f"API key: {key}")
    if serve:
        serve_parts(session, host, port, frozenset(Part))


def _ledger(folder: Path, size: int, on: date) -> date:
    """Write the ledger if it is not there; return the date on which it ends."""
    ready = folder / _READY
    if not ready.exists():
        note(f"Writing a sample ledger of {size} invoices to {folder}")
        folder.mkdir(parents=True, exist_ok=True)
        write_sample_ledger(folder, invoices=size, last_date=on)
        ready.write_text(on.isoformat())
    return date.fromisoformat(ready.read_text())


def _demo_key(session: Session, tenant: Tenant) -> tuple[str, str]:
    """Return the demo's key and its id; the same one as long as it lets in."""
    kept = Path(session.settings.home / "demo" / f"{tenant.name}.key")
    if kept.exists() and (key_id := key_id_of(session.database, kept.read_text().strip())):
        return kept.read_text().strip(), key_id
    key = create_key(session.database, tenant, Role.ADMIN, "demo", MANAGER)
    key_id = key_id_of(session.database, key)
    assert key_id is not None, "a new key lets in"
    kept.touch(mode=0o600)
    kept.write_text(key)
    return key, key_id

"""`tallystick demo`: a sample ledger in the embedded database, loaded and served."""

import contextlib
from pathlib import Path

import click

from cli.context import Session, command_options, note
from cli.serve import Part, serve_parts
from domain.api_key import Role
from domain.shared.currency import money_text
from erp.csv_folder import folder_files
from examples.sample_ledger import write_sample_ledger
from projections.aging import aging_cells, aging_groups
from projections.query import fetch
from runtime.keys import authenticates, create_key
from runtime.site import site_options, today
from runtime.syncing import sync
from runtime.tenants import Tenant, TenantError, create_tenant

DEFAULT_SIZE = 5_000
_READY = ".complete"


@click.command()
@click.option("--size", default=DEFAULT_SIZE, show_default=True, help="Invoices of the ledger.")
@click.option("--serve/--no-serve", default=True, help="Serve after loading.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@command_options
def demo(session: Session, size: int, serve: bool, host: str, port: int) -> None:
    """Set up a sample ledger, load it and serve it."""
    database = session.database
    with contextlib.suppress(TenantError):
        create_tenant(database, session.tenant_name)
    tenant = session.tenant()
    with database.connect("worker") as connection:
        options = site_options(connection, tenant.id)
        on = today(options)
        folder = session.settings.home / "demo" / f"{tenant.name}-{size}"
        if not (folder / _READY).exists():
            note(f"Writing a sample ledger of {size} invoices to {folder}")
            folder.mkdir(parents=True, exist_ok=True)
            write_sample_ledger(folder, invoices=size, last_date=on)
            (folder / _READY).touch()
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
    key = _demo_key(session, tenant)
    base = f"http://{host}:{port}"
    click.echo(f"GraphQL (GraphiQL in a browser): {base}/graphql")
    click.echo(f"Schema: {base}/schema.graphql")
    click.echo(f"API key: {key}")
    if serve:
        serve_parts(session, host, port, frozenset(Part))


def _demo_key(session: Session, tenant: Tenant) -> str:
    """Return the demo's key; the same one as long as it lets in."""
    kept = Path(session.settings.home / "demo" / f"{tenant.name}.key")
    if kept.exists() and authenticates(session.database, kept.read_text().strip()):
        return kept.read_text().strip()
    key = create_key(session.database, tenant, Role.ADMIN, "demo")
    kept.touch(mode=0o600)
    kept.write_text(key)
    return key

"""Sums of amounts by age: the columns that hold them, and what the conditions on age mean.

While the fields of a view are told, each condition on an amount's age is given a column; the
joins that work the sums out make all of them in one pass.
"""

from domain.aging import Basis
from domain.site_options import SiteOptions
from projections.aging_fields import CURRENT
from projections.open_documents import bucket_sql, late_base


class Sums:
    """The conditions that a view asks sums for."""

    def __init__(self) -> None:
        self._columns: dict[str, str] = {}

    def column(self, condition: str) -> str:
        """Return the name of the column with the sum of amounts under a condition."""
        return self._columns.setdefault(condition, f"sum_{len(self._columns)}")

    @property
    def sql(self) -> str:
        """The SQL of all sums over amounts that are `bucketed`."""
        return ",\n".join(
            f"sum(balance_hc) FILTER (WHERE {condition}) AS {name}"
            for condition, name in self._columns.items()
        )


def bucketed(options: SiteOptions, amounts: str) -> str:
    """Return the SQL of amounts with their buckets in both sets, and whether they are over current.

    The columns are those of `amounts`, and age_bucket, due_bucket and over_current.
    """
    shown = "age_bucket" if options.aging_basis is Basis.INVOICE else "due_bucket"
    late_from = late_base("b", options)
    return f"""
        SELECT aged.*, {shown} > {CURRENT} AS over_current FROM (
            SELECT b.*,
                {bucket_sql(Basis.INVOICE, options, "b.tran_date", "b.due_date")} AS age_bucket,
                {bucket_sql(Basis.DUE, options, "b.tran_date", late_from)} AS due_bucket
            FROM ({amounts}) b
        ) aged"""

"""Execution with a short way for plain fields: those that only tell an attribute of their object.

Most fields of a page are such. Their values need no resolver, no `info` and no waiting, so they
are written straight into the answer; everything else goes the way of graphql-core.
"""

from functools import cache
from typing import Any, cast

from graphql import (
    GraphQLLeafType,
    GraphQLNonNull,
    GraphQLObjectType,
    Undefined,
    is_leaf_type,
    is_object_type,
)
from graphql.pyutils import Path
from msgspec import Struct
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

_DEFINITION = "strawberry-definition"


class Plain(Struct, frozen=True):
    """A field that tells an attribute: a leaf, or an object that is never null.

    An object whose own fields are all plain is `settled`: it has nothing to wait for.
    """

    attribute: str
    nullable: bool
    leaf: Any
    nested: Any
    settled: bool = False


@cache
def plain_fields(parent_type: GraphQLObjectType) -> dict[str, Plain]:
    """Return the plain fields of a type, by their GraphQL names."""
    found: dict[str, Plain] = {}
    for name, field in parent_type.fields.items():
        if not getattr(field.resolve, "_is_default", False):
            continue
        nullable = not isinstance(field.type, GraphQLNonNull)
        kind: Any = field.type if nullable else field.type.of_type  # pyright: ignore[reportAttributeAccessIssue]
        attribute = field.extensions[_DEFINITION].python_name
        if is_leaf_type(kind):
            found[name] = Plain(attribute, nullable, kind, None)
        elif is_object_type(kind) and not nullable:
            settled = all(
                getattr(one.resolve, "_is_default", False) for one in kind.fields.values()
            )
            found[name] = Plain(attribute, False, None, kind, settled)
    return found


class Execution(StrawberryGraphQLCoreExecutionContext):
    """The execution of one operation."""

    def execute_fields(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        """Execute fields: the plain ones here, the others as always, in the order asked for."""
        plain = plain_fields(parent_type)
        found: dict[str, Any] = {}
        others: dict[str, Any] = {}
        for response_name, details in grouped_field_set.items():
            field = plain.get(details[0].node.name.value)
            if field is not None:
                value = getattr(source_value, field.attribute, None)
                if value is not None and field.leaf is not None:
                    told = _told(field.leaf, value)
                    if told is not None:
                        found[response_name] = told
                        continue
                elif value is not None and field.settled:
                    found[response_name] = self.collect_and_execute_subfields(
                        field.nested,
                        details,
                        Path(path, response_name, parent_type.name),
                        value,
                        position_context,
                    )
                    continue
                elif field.nullable:
                    found[response_name] = None
                    continue
            found[response_name] = Undefined
            others[response_name] = details
        if not others:
            return found
        rest: Any = super().execute_fields(
            parent_type, source_value, path, others, position_context
        )
        if isinstance(rest, dict):
            return found | cast("dict[str, Any]", rest)

        async def completed() -> dict[str, Any]:
            return found | await rest

        return completed()


def _told(leaf: GraphQLLeafType, value: Any) -> Any:
    """Return a leaf's value as it is told, or None for one that graphql-core is to complain of."""
    try:
        told = leaf.coerce_output_value(value)
    except Exception:  # noqa: BLE001  (it is raised again, with its place, on the long way)
        return None
    return None if told is Undefined else told

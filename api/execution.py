"""Execution with a short way for plain fields: those that only tell an attribute of their object.

Most fields of a page are such. Their values need no resolver, no `info` and no waiting, so they
are written straight into the answer, by a plan made once for all records of a list; everything
else goes the way of graphql-core.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, cast

from graphql import GraphQLNonNull, GraphQLObjectType, Undefined, is_leaf_type, is_object_type
from graphql.pyutils import Path
from msgspec import Struct
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

_DEFINITION = "strawberry-definition"


class Plain(Struct, frozen=True):
    """A field that tells an attribute: a leaf, written by `coerce`, or an object `nested`."""

    attribute: str
    nullable: bool
    coerce: Callable[[Any], Any] | None
    nested: Any = None


class Step(Struct, frozen=True, gc=False):
    """A plain field under the name that the answer gives it, with the steps of its object."""

    name: str
    field: Plain
    inner: "list[Step] | None"


class Plan(Struct, frozen=True):
    """How the fields of a selection are told: the plain ones by steps, the others as always.

    `selection` is kept so that no other takes its identity.
    """

    selection: Any
    names: list[str]
    steps: list[Step]
    others: dict[str, Any]


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
            found[name] = Plain(attribute, nullable, kind.coerce_output_value)
        elif is_object_type(kind):
            found[name] = Plain(attribute, nullable, None, kind)
    return found


class Execution(StrawberryGraphQLCoreExecutionContext):
    """The execution of one operation."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: dict[int, Plan] = {}

    def execute_fields(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        """Execute fields: the plain ones here, the others as always, in the order asked for."""
        plan = self._plans.get(id(grouped_field_set))
        if plan is None:
            plan = self._plan(parent_type, grouped_field_set)
            self._plans[id(grouped_field_set)] = plan
        told = _told(plan.steps, source_value) if plan.steps else {}
        if told is None:  # a value is none of its type: graphql-core says which, and where
            return super().execute_fields(
                parent_type, source_value, path, grouped_field_set, position_context
            )
        if not plan.others:
            return told
        rest: Any = super().execute_fields(
            parent_type, source_value, path, plan.others, position_context
        )
        if not plan.steps:
            return rest
        if isinstance(rest, dict):
            return _ordered(plan.names, told, cast("dict[str, Any]", rest))

        async def completed() -> dict[str, Any]:
            return _ordered(plan.names, told, await rest)

        return completed()

    def _plan(self, parent_type: GraphQLObjectType, selection: Any) -> Plan:
        plain = plain_fields(parent_type)
        steps: list[Step] = []
        others: dict[str, Any] = {}
        for name, details in selection.items():
            field = plain.get(details[0].node.name.value)
            if field is None:
                others[name] = details
            elif field.nested is None:
                steps.append(Step(name, field, None))
            else:
                inner = self._plan(field.nested, self.collect_subfields(field.nested, details)[0])
                if inner.others:
                    others[name] = details
                else:
                    steps.append(Step(name, field, inner.steps))
        return Plan(selection, list(selection), steps, others)


def _told(steps: list[Step], source: Any) -> dict[str, Any] | None:
    """Return the values of plain fields as they are told; None if one is none of its type."""
    told: dict[str, Any] = {}
    for step in steps:
        field = step.field
        value = getattr(source, field.attribute)
        if value is None:
            if not field.nullable:
                return None
            told[step.name] = None
        elif field.coerce is not None:
            try:
                coerced = field.coerce(value)
            except Exception:  # noqa: BLE001  (it is raised again, with its place, on the long way)
                return None
            if coerced is None or coerced is Undefined:
                return None
            told[step.name] = coerced
        else:
            inner = _told(step.inner or [], value)
            if inner is None:
                return None
            told[step.name] = inner
    return told


def _ordered(names: list[str], told: dict[str, Any], rest: dict[str, Any]) -> dict[str, Any]:
    """Return both parts in the order in which the fields were asked for."""
    both = told | rest
    return {name: both[name] for name in names if name in both}

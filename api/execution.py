"""Execution with a short way for plain fields: those that only tell an attribute of their object.

Most fields of a page are such. Their values need no resolver, no `info` and no waiting, so they
are written straight into the answer, by a plan made once for all records of a list; everything
else goes the way of graphql-core.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, cast

from graphql import (
    GraphQLList,
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
    """A field that tells an attribute: a leaf, written by `coerce`, or an object `nested`.

    A `listed` one tells several, none of which may be null.
    """

    attribute: str
    nullable: bool
    coerce: Callable[[Any], Any] | None
    nested: Any
    listed: bool


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
        kind, nullable = _unwrapped(field.type)
        listed = isinstance(kind, GraphQLList)
        if listed:
            kind, holes = _unwrapped(kind.of_type)
            if holes:
                continue
        attribute = field.extensions[_DEFINITION].python_name
        if is_leaf_type(kind):
            found[name] = Plain(attribute, nullable, kind.coerce_output_value, None, listed)
        elif is_object_type(kind):
            found[name] = Plain(attribute, nullable, None, kind, listed)
    return found


def _unwrapped(kind: Any) -> tuple[Any, bool]:
    """Return a type without its NonNull, and whether it may be null."""
    if isinstance(kind, GraphQLNonNull):
        return cast("Any", kind).of_type, False
    return kind, True


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
        try:
            told = _told(plan.steps, source_value)
        except _NotPlain:
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


class _NotPlain(Exception):
    """A value is none of its type; graphql-core says which, and where."""


def _told(steps: list[Step], source: Any) -> dict[str, Any]:
    """Return the values of plain fields as they are told.

    Raises:
        _NotPlain: if one is none of its type.
    """
    told: dict[str, Any] = {}
    for step in steps:
        field = step.field
        value = getattr(source, field.attribute)
        if value is None:
            if not field.nullable:
                raise _NotPlain
            told[step.name] = None
        elif field.listed:
            told[step.name] = [_one(step, item) for item in value]
        else:
            told[step.name] = _one(step, value)
    return told


def _one(step: Step, value: Any) -> Any:
    if step.inner is not None:
        if value is None:
            raise _NotPlain
        return _told(step.inner, value)
    assert step.field.coerce is not None
    try:
        coerced = step.field.coerce(value)
    except Exception as failure:
        raise _NotPlain from failure
    if coerced is None or coerced is Undefined:
        raise _NotPlain
    return coerced


def _ordered(names: list[str], told: dict[str, Any], rest: dict[str, Any]) -> dict[str, Any]:
    """Return both parts in the order in which the fields were asked for."""
    both = told | rest
    return {name: both[name] for name in names if name in both}

"""What a query asks for: the fields that are selected below the field being resolved."""

from collections.abc import Iterable
from typing import Any, cast

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLResolveInfo,
    InlineFragmentNode,
    SelectionSetNode,
)

from api.context import Info


def fields_below(info: Info, *path: str) -> frozenset[str]:
    """Return the names of the fields selected below the field, and below `path` from there."""
    raw = cast("GraphQLResolveInfo[Any]", info._raw_info)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType]
    sets = [node.selection_set for node in raw.field_nodes if node.selection_set is not None]
    for step in path:
        sets = [
            field.selection_set
            for field in _fields(sets, raw)
            if field.name.value == step and field.selection_set is not None
        ]
    return frozenset(field.name.value for field in _fields(sets, raw))


def _fields(sets: Iterable[SelectionSetNode], info: GraphQLResolveInfo[Any]) -> Iterable[FieldNode]:
    for one in sets:
        for selection in one.selections:
            match selection:
                case FieldNode():
                    yield selection
                case InlineFragmentNode(selection_set=inner):
                    yield from _fields([inner], info)
                case FragmentSpreadNode(name=name):
                    yield from _fields([info.fragments[name.value].selection_set], info)
                case _:
                    continue

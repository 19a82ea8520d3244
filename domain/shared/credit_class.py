"""Credit classes, as others name them: by ids of classes that there are."""

from domain.shared.decider import Refused


def class_unknown(class_id: str, field: str) -> Refused:
    """Return the refusal of an id that no class has."""
    return Refused("credit_class_unknown", f"There is no credit class {class_id}.", field)

"""Given these events, when this command, then those events: stories about a decider."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from domain.shared.decider import Decider, Refused


@dataclass(frozen=True)
class Story:
    """A stream so far."""

    decider: Decider[Any, Any, Any]
    history: Sequence[Any] = ()

    def given(self, *history: Any) -> "Story":
        """What has happened."""
        return Story(self.decider, history)

    def when(self, command: Any) -> "Told":
        """What is asked for."""
        return Told(self, command)


@dataclass(frozen=True)
class Told:
    """A command to a stream."""

    story: Story
    command: Any

    def then(self, *expected: Any) -> None:
        """What happens, exactly; and told again, nothing more happens."""
        new = self.decided()
        assert tuple(new) == expected
        again = Told(Story(self.story.decider, [*self.story.history, *new]), self.command)
        assert tuple(again.decided()) == ()  # being told twice is normal

    def then_once(self, *expected: Any) -> None:
        """What happens, exactly; telling it again means another thing."""
        assert tuple(self.decided()) == expected

    def then_nothing(self) -> None:
        """Nothing happens."""
        assert tuple(self.decided()) == ()

    def then_refused(self, code: str, field: str | None = None) -> None:
        """The business says no."""
        with pytest.raises(Refused) as refused:
            self.decided()
        assert (refused.value.code, refused.value.field) == (code, field)
        assert refused.value.message.endswith(".")

    def decided(self) -> Sequence[Any]:
        """What the decider answers."""
        decider = self.story.decider
        return decider.decide(self.command, decider.replay(self.story.history))

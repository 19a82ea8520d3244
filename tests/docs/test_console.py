"""What a page shows agrees with what was printed, or does not."""

from pathlib import Path

import pytest

from tests.docs.console import Done, Step, agrees, carried_out, steps

ROOT = "tTjzNaR2Gu1MeoRxY10rrmUF27FI589vbpmGhC5RhLc="
OTHER = "s39vjVFO9cVs5F11KoJ3xhwpeNoxbe/WX/Fqb3N89Ig="


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("2 events", "2 events\n"),
        (f"3\n{ROOT}", f"3\n{OTHER}\n"),
        ("at 2026-11-27 08:38:44Z by cli", "at 2027-01-02 03:04:05Z by cli"),
        ("2026-11-27T08:33:31.866450+00:00", "2027-01-02T03:04:05.000001+00:00"),
        ("…\nlast", "first\nsecond\nlast"),
        ("…\nlast", "last"),
        ('{"a":1,…', '{"a":1,"b":2}'),
        ("a (b) [c]", "a (b) [c]   "),
        ("sync/0dae85c9-214e-473b-bcc4-df5dfaf489d5", "sync/75e6b06d-c3e8-475d-8f59-90475bb1b9f2"),
    ],
)
def test_what_stands_for_another_agrees(shown: str, printed: str) -> None:
    assert agrees(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("2 events", "3 events"),
        ("2 events", "2 events\nand more"),
        ("2 events\nand more", "2 events"),
        (ROOT, "not a root"),
        ("at 2026-11-27 08:38:44Z", "at noon"),
        ("5144.09", "5144x09"),
        ("on 2025-12-30", "on 2025-12-31"),
    ],
)
def test_what_differs_does_not_agree(shown: str, printed: str) -> None:
    assert not agrees(shown, printed)


def test_commands_are_carried_out_in_one_shell(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Text\n\n```console\n$ NAME=you\n$ cat <<END\n> hello\n> $NAME\n> END\nhello\nyou\n```\n\n"
        "$ not this\n\n```console\n$ ! false\n$ false\n$ echo out; echo err >&2\n```\n"
    )
    found = steps(page)
    assert found[:2] == [
        Step("NAME=you", None),
        Step("cat <<END\nhello\n$NAME\nEND", "hello\nyou"),
    ]
    work = tmp_path / "work"
    work.mkdir()
    assert carried_out(found, tmp_path, {"PATH": "/usr/bin:/bin"}, work) == [
        Done("", 0),
        Done("hello\nyou\n", 0),
        Done("", 0),
        Done("", 1),
        Done("out\nerr\n", 0),
    ]

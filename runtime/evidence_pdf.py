"""The evidence about a subject as pages to print and to file."""

from pathlib import Path

import matplotlib as mpl
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

from runtime.auditing import text_of
from runtime.evidence import Evidence, ProvenEvent
from runtime.trail_files import described_causes, described_changes

_FONT = "DejaVu"
_WIDTHS = (14, 36, 46, 44, 82, 48)
_HEADINGS = ("No.", "Recorded, effective", "What", "Who, why", "What changed", "Proof")


def evidence_pdf(evidence: Evidence) -> bytes:
    """Return the evidence as a PDF document."""
    pdf = _Pages(evidence)
    pdf.add_page()
    pdf.heading()
    with pdf.table(
        col_widths=_WIDTHS,
        headings_style=FontFace(emphasis="BOLD"),
        line_height=4,
        text_align="LEFT",
        padding=1,
    ) as table:
        head = table.row()
        for one in _HEADINGS:
            head.cell(one)
        for one in evidence.events:
            row = table.row()
            for text in _cells(one):
                row.cell(text)
    return bytes(pdf.output())


class _Pages(FPDF):
    def __init__(self, evidence: Evidence) -> None:
        super().__init__("landscape", "mm", "A4")
        fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
        self.add_font(_FONT, "", fonts / "DejaVuSans.ttf")
        self.add_font(_FONT, "B", fonts / "DejaVuSans-Bold.ttf")
        self.add_font(f"{_FONT} Mono", "", fonts / "DejaVuSansMono.ttf")
        self.set_title(f"Evidence: {evidence.subject.named}")
        self.set_creator("Tallystick")
        self.set_creation_date(evidence.made_at)
        self.set_lang("en")
        self._evidence = evidence

    def heading(self) -> None:
        """Write what it is evidence of, and against which checkpoint."""
        told = self._evidence
        self.set_font(_FONT, "B", 15)
        self._line(f"Evidence: {told.subject.named}", 9)
        self.set_font(_FONT, "", 8)
        self._line(f"Tenant {told.tenant.name}, made {told.made_at.isoformat()}", 5)
        count = len(told.events)
        self._line(f"{told.proven} of {count} events are proven against the checkpoint below.", 5)
        if told.more:
            self._line("There are more events; export the subject for all of them.", 5)
        if told.signed is not None:
            self._line(f"Its root is {text_of(told.signed.checkpoint.root)}.", 5)
            self.set_font(f"{_FONT} Mono", "", 6)
            self.multi_cell(0, 3, told.signed.note, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(3)
        self.set_font(_FONT, "", 6)

    def _line(self, text: str, height: float) -> None:
        self.cell(0, height, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def footer(self) -> None:
        """Number the page."""
        self.set_y(-12)
        self.set_font(_FONT, "", 7)
        self.cell(0, 6, f"{self._evidence.subject.named}, page {self.page_no()}", align="R")
        self.set_font(_FONT, "", 6)


def _cells(one: ProvenEvent) -> tuple[str, ...]:
    event = one.event
    who = event.user_name or event.actor_name or event.actor
    match one.proven:
        case True:
            proof = f"✓ proven, {len(one.hashes)} hashes"
        case False:
            proof = "✗ NOT as it was signed"
        case None:
            proof = "no checkpoint reaches it yet"
    return (
        f"{event.position}",
        f"{event.recorded_at.isoformat(timespec='seconds')}\n{event.effective_on}",
        f"{event.type}\n{event.stream}, {event.version}",
        f"{who}\n{described_causes(event.causes)}",
        described_changes(event.changes) or "",
        proof,
    )

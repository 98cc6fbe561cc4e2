"""Gives SQLite's statements two more counters, for sqlite3_stmt_status: 9, rows read, and 10, rows written.

What counts is what the product bills: each step of a cursor to a row, each row put into or taken out of a table
or an index. Usage: count_rows.py SQLITE3_C OUTPUT. A place that is not found exactly once is an error.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

READ = "p->aCounter[9]++;"
WRITTEN = "if( !pC->isEphemeral ) p->aCounter[10]++;"

#: (opcode or None, the line it goes to, before or after it, what is put there)
PLACES = (
    (None, "  u32 aCounter[9]; ", "instead", "  u32 aCounter[11];"),
    ("Count", "    rc = sqlite3BtreeCount(db, pCrsr, &nEntry);", "after", "    p->aCounter[9] += (u32)nEntry;"),
    ("SeekLT", "  if( oc>=OP_SeekGE ){  assert( oc==OP_SeekGE || oc==OP_SeekGT );", "before", f"  {READ}"),
    ("NotExists", "  pC->seekResult = res;", "after", f"  {READ}"),
    ("Insert", "  assert( (pOp->p5 & OPFLAG_LASTROWID)==0 || (pOp->p5 & OPFLAG_NCHANGE)!=0 );", "after", f"  {WRITTEN}"),
    ("Delete", "  if( opflags & OPFLAG_NCHANGE ){", "after", f"    {WRITTEN}"),
    ("Last", "  if( rc ) goto abort_due_to_error;", "after", f"  {READ}"),
    ("Rewind", "  pC->nullRow = (u8)res;", "after", f"  {READ}"),
    ("Next", "    p->aCounter[pOp->p5]++;", "after", f"    {READ}"),
    ("IdxInsert", "  if( pOp->p5 & OPFLAG_NCHANGE ) p->nChange++;", "after", f"  {WRITTEN}"),
    ("Clear", "    p->nChange += nChange;", "after", "    p->aCounter[10] += (u32)nChange;"),
    ("VNext", "  rc = pModule->xNext(pCur->uc.pVCur);", "after", f"  {READ}"),
    ("VUpdate", "      p->nChange++;", "after", "      p->aCounter[10]++;"),
)


def main(source: str, output: str) -> None:
    lines = Path(source).read_text(encoding="utf-8").split("\n")
    for opcode, wanted, where, text in PLACES:
        first, last = (0, len(lines)) if opcode is None else _body(lines, opcode)
        found = [i for i in range(first, last) if lines[i].startswith(wanted)]
        if len(found) != 1:
            sys.exit(f"count_rows: {opcode}: {wanted!r} is there {len(found)} times, not once")
        if where == "instead":
            lines[found[0]] = text
        else:
            lines.insert(found[0] + (where == "after"), text)
    Path(output).write_text("\n".join(lines), encoding="utf-8")


def _body(lines: list[str], opcode: str) -> tuple[int, int]:
    """The lines of an opcode's code, which ends with a brace at the margin."""
    start = next(i for i, line in enumerate(lines) if re.match(rf"case OP_{opcode}:", line))
    end = next(i for i in range(start + 1, len(lines)) if lines[i] == "}")
    return start, end


if __name__ == "__main__":
    main(*sys.argv[1:])

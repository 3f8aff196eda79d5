"""Text that others made (names of ports and files, titles), for a terminal: it shows them, and does not obey them."""

from __future__ import annotations


def plain(line: str) -> str:
    """The line with what a terminal would take for an order written out, as Python writes it: `\\x1b`."""
    if line.isprintable():
        return line
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in line)

# SPDX-License-Identifier: Apache-2.0
"""Plain-text books as documents of paragraphs, the last 2 % of each book held out."""

import re
import unicodedata
from pathlib import Path

END_OF_TEXT, TURN, TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
SPECIAL_TOKENS = [END_OF_TEXT, TURN, TURN_END]

VERSE = {"en-tinyshakespeare", "pl-pan-tadeusz"}  # line breaks there are part of the text
HELD_OUT = 0.02
CHAT_EVERY = 12  # one paragraph in so many becomes a question, answered by its continuation
REPEATS = {"en": 1, "pl": 2}  # Polish is a seventh of the text, and seen twice as often

GUTENBERG = re.compile(r"\*\*\* START OF[^\n]*\*\*\*(.*?)\n(?:End of [^\n]*\n\s*)?\*\*\* END OF", re.S)
HEADING = re.compile(
    r"(chapter|book|part|adventure|(first |second )?epilogue|rozdział|księga|epilog)\b[^\n]{0,60}$", re.I
)
TYPOGRAPHY = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "_": None, "\ufeff": None})


def language(path: Path) -> str:
    return path.name[:2]


def paragraphs(path: Path) -> list[str]:
    """The paragraphs of a book: no licence around it, prose unwrapped, quotation marks made plain."""
    text = unicodedata.normalize("NFC", path.read_text(encoding="utf-8"))
    if framed := GUTENBERG.search(text):
        text = framed.group(1)
    text = text.split("\n-----\n")[0]  # what follows is the note of Wolne Lektury
    if language(path) == "en":
        text = text.translate(TYPOGRAPHY).replace("--", "—")
    joint = "\n" if path.stem in VERSE else " "
    blocks = (b.split("\n") for b in re.split(r"\n\s*\n", text))
    return [p for b in blocks if (p := joint.join(s for line in b if (s := " ".join(line.split()))))]


def chapters(book: list[str]) -> list[list[str]]:
    """Cuts a book before each heading; what is too short to be a chapter is a table of contents."""
    cut: list[list[str]] = [[]]
    for p in book:
        if HEADING.match(p):
            cut.append([])
        cut[-1].append(p)
    return [c for c in cut if sum(map(len, c)) > 400]


def split(path: Path) -> tuple[list[list[str]], list[list[str]]]:
    """Chapters to train on, and the held-out end of the book."""
    book = chapters(paragraphs(path))
    left = HELD_OUT * sum(len(p) for c in book for p in c)
    held_out: list[list[str]] = []
    while left > 0:
        held_out.insert(0, [])
        while left > 0 and book[-1]:
            held_out[0].insert(0, book[-1].pop())
            left -= len(held_out[0][0])
        if not book[-1]:
            book.pop()
    return book, held_out


def turn(role: str, text: str) -> str:
    return f"{TURN}{role}\n{text}{TURN_END}\n"


def chats(book: list[list[str]]) -> list[str]:
    """Short exchanges in ChatML in which the assistant goes on with the passage the user gave."""
    pairs = [(a, b) for c in book for a, b in zip(c, c[1:]) if 20 < len(a) < 600 and 20 < len(b) < 600]
    return [turn("user", a) + turn("assistant", b) for a, b in pairs[::CHAT_EVERY]]


def text_of(chapter: list[str]) -> str:
    return "\n\n".join(chapter)


def load(folder: Path) -> tuple[list[str], dict[str, list[str]]]:
    """Documents to train on, with their repeats, and the held-out ones by language."""
    training: list[str] = []
    held_out: dict[str, list[str]] = {"en": [], "pl": []}
    for path in sorted(folder.glob("??-*.txt")):
        book, rest = split(path)
        training += (list(map(text_of, book)) + chats(book)) * REPEATS[language(path)]
        held_out[language(path)] += map(text_of, rest)
    return training, held_out

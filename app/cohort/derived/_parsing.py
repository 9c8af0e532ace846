"""Formulas read into a tree, never run: Python's own parser, and a short list of what may occur.

Only the grammar is Python's. The tree is walked by :mod:`app.cohort.derived._evaluate`, which knows
numbers, texts, names, arithmetic, comparisons, ``and``, ``or``, ``not`` and its own few functions;
attributes, subscripts, keywords, lambdas and whatever else the grammar has are refused here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.cohort.derived._definition import LONGEST_FORMULA, DerivedError

_DEEPEST, _MOST_PARTS, _LARGEST_POWER = 100, 600, 10
_APART = re.compile(r"""'[^'\n]*'|"[^"\n]*"|`[^`\n]*`""")
_SHOUTED = re.compile(r"\b(?:AND|OR|NOT|IN)\b")
_SINGLE_EQUALS = re.compile(r"(?<![<>=!])=(?!=)")
_ALLOWED = (
    ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Tuple, ast.List, ast.Call, ast.BinOp,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.UnaryOp, ast.UAdd, ast.USub, ast.Not,
    ast.BoolOp, ast.And, ast.Or, ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE,
    ast.In, ast.NotIn,
)  # fmt: skip
_INSTEAD: Mapping[type[ast.AST], str] = {
    ast.BitAnd: "write “and” between conditions",
    ast.BitOr: "write “or” between conditions",
    ast.Invert: "write “not” before a condition",
    ast.BitXor: "write ** for a power",
    ast.IfExp: "write choose(condition, value, otherwise)",
    ast.Attribute: "a name that holds a full stop stands between backticks",
    ast.Mod: "a per cent sign is not known; put names that hold one between backticks",
    ast.Is: "write == to compare",
    ast.IsNot: "write != to compare",
}


@dataclass(frozen=True, eq=False)
class Parsed:
    """A formula as a tree.

    Attributes
    ----------
    text
        As it was typed, without blanks around it.
    root
        The expression; several divided by commas are a tuple.
    quoted
        Names between backticks by where they stand, 0 = the first character.
    lead
        Blanks before the text as it was typed.
    """

    text: str
    root: ast.expr
    quoted: Mapping[int, str]
    lead: int = 0

    def place(self, node: ast.AST) -> int:
        """Where a part begins, 0 = the first character: Python counts bytes."""
        before = self.text.encode()[: getattr(node, "col_offset", 0)]
        return len(before.decode(errors="ignore"))

    def name(self, node: ast.Name) -> str:
        """What a name says, backticks taken off."""
        return self.quoted.get(self.place(node), node.id)

    def words(self, node: ast.expr) -> str:
        """A part as it was typed, backticks included."""
        raw = self.text.encode()
        return raw[node.col_offset : node.end_col_offset].decode(errors="ignore")

    def refusal(self, node: ast.AST, sentence: str) -> DerivedError:
        """A sentence about a part, with where it stands."""
        return DerivedError(sentence, self.lead + self.place(node) + 1)


def parse(formula: str) -> Parsed:
    """Read a formula.

    Raises
    ------
    DerivedError
        Where it is none, with the position.
    """
    if not formula.strip():
        raise DerivedError("The formula is empty; type one, such as hb / 10")
    if len(formula) > LONGEST_FORMULA:
        raise DerivedError(
            f"The formula has {len(formula):,} characters, {LONGEST_FORMULA:,} are the most"
        )
    text = re.sub(r"\s", " ", formula)
    lead = len(text) - len(text.lstrip())
    text = text.strip()
    quoted: dict[int, str] = {}

    def blank(found: re.Match[str]) -> str:
        if found[0][0] == "`":
            quoted[found.start()] = found[0][1:-1].strip()
            return "_" * len(found[0])
        return "'" + " " * (len(found[0]) - 2) + "'"

    bare = _APART.sub(blank, text)
    for found in re.finditer(r"[\\#`\x00-\x1f\x7f-\x9f]", bare):
        raise DerivedError(f"“{found[0]}” has no meaning here", lead + found.start() + 1)
    for found in _SINGLE_EQUALS.finditer(bare):
        raise DerivedError(
            "Write == to compare: one = has no meaning here", lead + found.start() + 1
        )
    # Names between backticks become plain ones of the same length; texts stay.
    source = list(text)
    for place, name in quoted.items():
        end = text.index("`", place + 1) + 1
        source[place:end] = "_" * (end - place)
        if not name:
            raise DerivedError("There is no name between these backticks", lead + place + 1)
    for found in _SHOUTED.finditer(bare):
        source[found.start() : found.end()] = found[0].lower()
    root = _tree("".join(source), lead)
    parsed = Parsed(text, root, quoted, lead)
    _check(parsed)
    return parsed


def _tree(source: str, lead: int) -> ast.expr:
    try:
        return ast.parse(source, mode="eval").body
    except SyntaxError as error:
        # Python gives no place where the text ends too early.
        place = error.offset - 1 if error.offset else len(source)
        said = "It ends too early" if place >= len(source) else "It cannot be read from here on"
        if "parenthes" in str(error.msg) or "was never closed" in str(error.msg):
            said = "A bracket has no partner"
        elif "unterminated" in str(error.msg):
            said = "A quotation mark has no partner"
        raise DerivedError(
            f"This is no formula: {said[:1].lower()}{said[1:]}", lead + place + 1
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise DerivedError("The formula is too deeply nested to be read") from error


def _check(parsed: Parsed) -> None:
    """Refuse what is not on the list, without recursion: the tree may be deep."""
    waiting: list[tuple[ast.AST, int]] = [(parsed.root, 1)]
    parts = 0
    while waiting:
        node, depth = waiting.pop()
        parts += 1
        if depth > _DEEPEST or parts > _MOST_PARTS:
            raise DerivedError("The formula is too deeply nested or too long; derive it in steps")
        if not isinstance(node, _ALLOWED):
            instead = _INSTEAD.get(
                type(node), "only arithmetic, comparisons and functions are known"
            )
            at = node if hasattr(node, "col_offset") else parsed.root
            raise parsed.refusal(at, f"This is not part of the language: {instead}")
        if isinstance(node, ast.Constant):
            _check_constant(parsed, node)
        if isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Name):
                raise parsed.refusal(node, "Only a function's name can stand before a bracket")
            if node.keywords:
                raise parsed.refusal(node, "Functions take values divided by commas, no keywords")
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            _check_power(parsed, node)
        waiting += [(child, depth + 1) for child in ast.iter_child_nodes(node)]


def _check_constant(parsed: Parsed, node: ast.Constant) -> None:
    value = node.value
    if isinstance(value, str):
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise parsed.refusal(node, "Only numbers and texts between quotation marks are known")
    if not abs(value) < 1e300:
        raise parsed.refusal(node, "This number is too large")


def _check_power(parsed: Parsed, node: ast.BinOp) -> None:
    power = node.right
    sign = isinstance(power, ast.UnaryOp) and isinstance(power.op, ast.USub)
    held = power.operand if isinstance(power, ast.UnaryOp) and sign else power
    value = held.value if isinstance(held, ast.Constant) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or value > _LARGEST_POWER:
        raise parsed.refusal(power, f"A power needs to be a number up to {_LARGEST_POWER}")

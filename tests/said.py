"""Reads in the code which texts it says: their keys, and the values it gives them."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.texts import CATALOGUE, FAMILIES, NOTHING

ROOT = CATALOGUE.parents[3]


@dataclass(frozen=True)
class Call:
    """One text(…) in the code: the keys it may name, the values it gives."""

    where: str
    keys: tuple[str, ...]
    names: frozenset[str]
    spread: bool  # a **mapping may bring any other value
    label: bool = False  # it is written on a button


Names = Mapping[str, list[ast.expr]]


def named(node: ast.expr, names: Names) -> tuple[str, ...]:
    """The keys that a first argument may stand for; none if nobody can tell."""
    match node:
        case ast.Constant(value=str(key)):
            return (key,)
        case ast.JoinedStr(values=[ast.Constant(value=str(family)), ast.FormattedValue()]):
            return tuple(f"{family}{member}" for member in FAMILIES.get(family, ()))
        case ast.IfExp(body=one, orelse=other):
            return either([one, other], names)
        case ast.Subscript(value=table):
            return named(table, names)
        case ast.Dict(values=values):
            return either(values, names)
        case ast.Name(id=name):
            others = {other: nodes for other, nodes in names.items() if other != name}
            return either(names.get(name, []), others)
    return ()


def either(nodes: list[ast.expr], names: Names) -> tuple[str, ...]:
    found = [named(node, names) for node in nodes]
    return tuple(key for keys in found for key in keys) if all(found) else ()


def assigned(nodes: Iterable[ast.AST]) -> Names:
    """What each name of a scope is set to: a key may wait in a variable or a table."""
    names: dict[str, list[ast.expr]] = {}
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                names.setdefault(name, []).append(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                names.setdefault(name, []).append(value)
    return names


def imported(tree: ast.AST) -> frozenset[str]:
    """What bot.domain.message.text is called in a file (sqlalchemy has a text of its own)."""
    return frozenset(
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "bot.domain.message"
        for name in node.names
        if name.name == "text"
    )


def labels(tree: ast.AST) -> list[ast.expr]:
    """The first argument of every Button."""
    return [
        node.args[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Button" and node.args
    ]


def handed(tree: ast.AST, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Names:
    """What a file's own calls hand to each parameter of a function."""
    names: dict[str, list[ast.expr]] = {}
    parameters = [*function.args.posonlyargs, *function.args.args]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == function.name:
            for parameter, given in zip(parameters, node.args, strict=False):
                names.setdefault(parameter.arg, []).append(given)
            for word in node.keywords:
                names.setdefault(word.arg or "", []).append(word.value)
    return names


def scoped(tree: ast.AST, node: ast.AST, names: Names) -> Iterator[tuple[ast.Call, Names]]:
    """Every call, with the names that it can see."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child, names
        inner = names
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            inner = {**names, **handed(tree, child), **assigned(ast.walk(child))}
        yield from scoped(tree, child, inner)


def calls(source: str, where: str) -> Iterator[Call]:
    tree = ast.parse(source)
    known, on_buttons = imported(tree), labels(tree)
    for call, names in scoped(tree, tree, assigned(tree.body)):
        if not (isinstance(call.func, ast.Name) and call.func.id in known and call.args):
            continue
        given = frozenset(word.arg for word in call.keywords if word.arg)
        spread = any(word.arg is None for word in call.keywords)
        keys = tuple(key for key in named(call.args[0], names) if key != NOTHING)
        silent = isinstance(call.args[0], ast.Constant) and not keys
        if not silent:
            yield Call(f"{where}:{call.lineno}", keys, given, spread, call in on_buttons)


def all_calls() -> tuple[Call, ...]:
    files = sorted((ROOT / "bot").rglob("*.py"))
    return tuple(
        call
        for file in files
        for call in calls(file.read_text("utf-8"), str(file.relative_to(ROOT)))
    )

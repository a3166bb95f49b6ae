"""Reads in the code which texts it says: their keys, and the values it gives them."""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

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


Keys = tuple[str, ...]  # those that an expression may stand for; none if nobody can tell
Names = Mapping[str, Keys]
Function = ast.FunctionDef | ast.AsyncFunctionDef
Seen = tuple[ast.Call, Names]  # a call, with the names that it can see
HANDS = 3  # how often a key is handed on, from one function to the next, at the most
CARD_AT = {"record.tell": 1, "record.news": 1, "record.show": 1}


def named(node: ast.expr, names: Names) -> Keys:
    match node:
        case ast.Constant(value=str(key)):
            return (key,)
        case ast.JoinedStr(values=[ast.Constant(value=str(family)), ast.FormattedValue()]):
            return tuple(f"{family}{member}" for member in FAMILIES.get(family, ()))
        case ast.IfExp(body=one, orelse=other):
            return joined([named(one, names), named(other, names)])
        case ast.Subscript(value=table):
            return named(table, names)
        case ast.Dict(values=values):
            return joined([named(value, names) for value in values])
        case ast.Name(id=name):
            return names.get(name, ())
        case ast.Attribute(attr=attribute):
            return names.get(f".{attribute}", ())
    return ()


def joined(found: list[Keys]) -> Keys:
    return tuple(dict.fromkeys(key for keys in found for key in keys)) if all(found) else ()


def assigned(nodes: Iterable[ast.AST], outer: Names) -> Names:
    """What each name of a scope is set to: a key may wait in a variable or a table."""
    found: dict[str, list[Keys]] = {}
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.setdefault(name, []).append(named(value, outer))
            case ast.Assign(targets=[ast.Tuple(elts=parts)], value=ast.Tuple(elts=values)):
                for part, value in zip(parts, values, strict=True):
                    if isinstance(part, ast.Name):
                        found.setdefault(part.id, []).append(named(value, outer))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found.setdefault(name, []).append(named(value, outer))
    return {name: joined(keys) for name, keys in found.items()}


def handed(function: Function, callers: Iterable[Seen]) -> Names:
    """What calls hand to each parameter of a function; its default is what they leave out."""
    parameters = (*function.args.posonlyargs, *function.args.args)
    positional = [each.arg for each in parameters]
    found: dict[str, list[Keys]] = {name: [] for name in positional}
    late = positional[len(positional) - len(function.args.defaults) :]
    for name, value in zip(late, function.args.defaults, strict=True):
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            found[name].append((value.value,))
    for call, names in callers:
        given = dict(zip(positional, call.args, strict=False))
        given |= {word.arg: word.value for word in call.keywords if word.arg}
        for name, value in given.items():
            found.setdefault(name, []).append(named(value, names))
    return {name: joined(keys) for name, keys in found.items()}


def imported(tree: ast.AST) -> frozenset[str]:
    """What bot.domain.message.text is called in a file (sqlalchemy has a text of its own)."""
    return frozenset(
        name.asname or name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "bot.domain.message"
        for name in node.names
        if name.name == "text"
    )


def shared(tree: ast.Module) -> Mapping[str, Keys]:
    """The keys under which a file puts each of its functions into SHARED."""
    found: dict[str, list[str]] = {}
    for node in tree.body:
        match node:
            case ast.AugAssign(target=ast.Name(id="SHARED"), value=ast.Dict(keys, values)):
                for key, made in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant):
                        found.setdefault(ast.unparse(made), []).append(str(key.value))
    return {name: tuple(keys) for name, keys in found.items()}


def labels(tree: ast.AST) -> list[ast.expr]:
    """The first argument of every Button."""
    return [
        node.args[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Button" and node.args
    ]


def scoped(node: ast.AST, names: Names, callers: Mapping[str, list[Seen]]) -> Iterator[Seen]:
    makers = shared(node) if isinstance(node, ast.Module) else {}
    for child in ast.iter_child_nodes(node):
        inner = names
        if isinstance(child, ast.Call):
            yield child, names
        if isinstance(child, Function):
            given = handed(child, callers.get(child.name, ()))
            inner = {**names, **given, **assigned(ast.walk(child), names)}
            if child.name in makers:
                inner[".card"] = makers[child.name]  # what a rule said: `saying.card`
        if isinstance(child, ast.match_case):
            inner = {**names, **assigned(ast.walk(child), names)}
        yield from scoped(child, inner, callers)


Callers = dict[str, list[Seen]]  # by the function that they call, said where it stands


def origins(tree: ast.AST, module: str) -> Mapping[str, str]:
    """What the names of a file stand for elsewhere: `todo` for `bot.care.questions.todo`."""
    found = {
        name.asname or name.name: f"{node.module}.{name.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    local = (node.name for node in ast.walk(tree) if isinstance(node, Function))
    return {name: f"{module}.{name}" for name in local} | found


def callers_in(tree: ast.Module, module: str, everywhere: Callers | None = None) -> Callers:
    """Who calls what in a file, and with which keys in hand."""
    known = origins(tree, module)
    found: Callers = {}
    for call, names in seen(tree, module, everywhere or {}):
        first, dot, rest = ast.unparse(call.func).partition(".")
        found.setdefault(f"{known.get(first, first)}{dot}{rest}", []).append((call, names))
    return found


def seen(tree: ast.Module, module: str, everywhere: Callers) -> Iterator[Seen]:
    """Every call of a file; looked at twice, since callers say what parameters are."""
    here = {name.removeprefix(f"{module}."): found for name, found in everywhere.items()}
    return scoped(tree, assigned(tree.body, {}), here)


def calls(source: str, where: str, everywhere: Callers | None = None) -> Iterator[Call]:
    tree, module = ast.parse(source), module_of(where)
    known, on_buttons = imported(tree), labels(tree)
    if everywhere is None:
        everywhere = callers_in(tree, module)
    for call, names in seen(tree, module, everywhere):
        if not (isinstance(call.func, ast.Name) and call.func.id in known and call.args):
            continue
        given = frozenset(word.arg for word in call.keywords if word.arg)
        spread = any(word.arg is None for word in call.keywords)
        keys = tuple(key for key in named(call.args[0], names) if key != NOTHING)
        silent = isinstance(call.args[0], ast.Constant) and not keys
        if not silent:
            yield Call(f"{where}:{call.lineno}", keys, given, spread, call in on_buttons)


def module_of(where: str) -> str:
    return where.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def sources() -> Mapping[str, str]:
    """Every file of the bot."""
    files = sorted((ROOT / "bot").rglob("*.py"))
    return {str(file.relative_to(ROOT)): file.read_text("utf-8") for file in files}


@cache
def everywhere_called() -> Callers:
    """Who calls what in the whole bot; a key may be handed on from one to the next."""
    found: Callers = {}
    for _ in range(HANDS):
        before, found = found, {}
        for where, source in sources().items():
            for name, calling in callers_in(ast.parse(source), module_of(where), before).items():
                found.setdefault(name, []).extend(calling)
    return found


def all_calls() -> tuple[Call, ...]:
    everywhere = everywhere_called()
    return tuple(
        call for where, source in sources().items() for call in calls(source, where, everywhere)
    )


# What rules tell and log


def told() -> Mapping[str, str]:
    """The cards that rules name in `tell`, `news` and `show`, and where."""
    return dict(_named_by(lambda name: CARD_AT.get(name)))


def logged() -> Mapping[str, str]:
    """The kinds of events about a patient: what rules log, and what is recorded with a code."""
    return dict(_named_by(_event_at))


def _event_at(name: str) -> int | None:
    return 0 if name in ("record.log", "unit.events.record") else None


def _named_by(place: Callable[[str], int | None]) -> Iterator[tuple[str, str]]:
    for where, source in sources().items():
        tree = ast.parse(source)
        for call, names in seen(tree, module_of(where), everywhere_called()):
            name = ast.unparse(call.func)
            at = place(name)
            # An event without a code is the network's own.
            if at is None or (name == "unit.events.record" and len(call.args) < 2):
                continue
            for key in named(call.args[at], names):
                yield key, f"{where}:{call.lineno}"

"""Every act of staff leaves a line on the register: read in the code, function by function."""

import ast

from tests.test_conventions import CODE, _tree

# What leaves no line, and why: a secret vote says nobody's hour (docs/decisions/0008); a resident's draft, a text that
# waits and becomes one again, and what they follow are their own; an invitation sent again left its line the first time.
SILENT = {
    "consultations.voting.cast",
    "consultations.assisting.enter_on_roll",
    "consultations.actions.save_draft",
    "consultations.holding.correct_held",
    "consultations.holding.take_back",
    "consultations.actions.discard_draft",
    "ideas.voting.cast",
    "ideas.voting.enter_on_roll",
    "ideas.actions.save_draft",
    "ideas.holding.correct_held",
    "ideas.holding.take_back",
    "ideas.actions.discard_draft",
    "ideas.actions.follow",
    "ideas.actions.unfollow",
    "ideas.coauthors.resend",
}


def _functions():
    return {
        f"{module}.{node.name}": node
        for module, path in CODE.items()
        if ".demo" not in module
        for node in _tree(path).body
        if isinstance(node, ast.FunctionDef)
    }


def _names(module):
    """Say what each name of a module stands for: {alias: module or function}."""
    found = {}
    for node in ast.walk(_tree(CODE[module])):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.asname or alias.name: alias.name for alias in node.names}
    return found


def _called(function, module):
    names = _names(module)
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                owner = ast.unparse(node.func.value)
                yield f"{names.get(owner, owner)}.{node.func.attr}"
            elif isinstance(node.func, ast.Name):
                yield names.get(node.func.id, f"{module}.{node.func.id}")


def test_every_act_of_staff_is_recorded():
    functions = _functions()
    recorded = {}

    def records(name, seen=frozenset()):
        if name in {"transparency.register.record", "mulhouse.journal.record"}:
            return True
        if name not in functions or name in seen:
            return False
        if name not in recorded:
            module = name.rpartition(".")[0]
            recorded[name] = any(records(called, seen | {name}) for called in _called(functions[name], module))
        return recorded[name]

    silent = {
        name
        for name, node in functions.items()
        if any("durable" in ast.unparse(decorator) for decorator in node.decorator_list)
        and "actor" in {argument.arg for argument in node.args.kwonlyargs}
        and not records(name)
    }
    assert silent == SILENT

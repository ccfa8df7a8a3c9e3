"""The house rules that a machine can check: who imports whom, what a name promises, what a template may hold."""

import ast
import inspect
import re
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.template import engines
from django.template.loaders.cached import Loader as CachedLoader

from mulhouse import personal_data
from mulhouse.celery import app as celery_app
from notifications import kinds
from transparency import register

ROOT = Path(settings.BASE_DIR)
TEMPLATES = ROOT / "templates"

# Bottom to top. The services stand side by side: none imports another.
ROOMS = (
    "mulhouse",
    "city",
    "transparency",
    "search",
    "opendata",
    "audience",
    "notifications",
    "accounts",
    "privacy",
    "moderation",
    "desk",
    "questionnaires",
    "ballots",
    "commitments",
    "meetings",
)
SERVICES = ("consultations", "ideas", "councils", "finances", "mediator")
TOP_ROOM = "evaluation"
APPS = sorted(path.parent.name for path in ROOT.glob("*/apps.py"))
# What the project package holds above the apps: pages that belong to none of them.
KERNEL_UPPER = {"views", "urls", "search", "sitemaps", "feeds", "management", "wsgi", "asgi"}

# Inside an app, bottom to top. A module that is not named here is as high as the highest of what it imports.
FLOORS = {
    "models": 1,
    "rules": 2,
    "actions": 3,
    **dict.fromkeys(("forms", "filters", "tasks", "exports", "personal_data", "feeds", "sitemaps"), 4),
    **dict.fromkeys(("views", "admin", "urls"), 5),
    "apps": 6,
}
JUNK = {"utils", "util", "common", "core", "helpers", "helper", "misc", "tools", "lib", "shared", "stuff", "base"}
# Modules that compute: no Django, no clock, no chance but what they are given.
PURE = {
    "ballots.allocation",
    "ballots.dates",
    "ballots.tally",
    "city.cartogram",
    "consultations.capcollectif",
    "consultations.phases",
    "consultations.places",
    "consultations.table_lines",
    "desk.identities",
    "ideas.heat",
    "ideas.mapped",
    "ideas.ranking",
    "ideas.realism",
    "mulhouse.errors",
    "mulhouse.home",
    "mulhouse.masking",
    "mulhouse.plain_text",
    "mulhouse.references",
    "mulhouse.small_cells",
    "mulhouse.work",
    "questionnaires.conditions",
    "questionnaires.exchanges",
    "transparency.chain",
    "transparency.clocks",
}
LABELS = {"Shape", "Units", "Raises", "Locks", "Source"}


# --- Reading the code ------------------------------------------------------------------------------------------------


def _sources():
    for folder in (*APPS, "benchmarks"):
        yield from sorted(path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


@cache
def _tree(path):
    return ast.parse(path.read_text(), str(path))


def _module(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {_module(path): path for path in _sources()}
CODE = {name: path for name, path in MODULES.items() if name.split(".")[0] in APPS}


def _for_types_only(tree):
    """Collect the nodes under `if TYPE_CHECKING:`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            for part in node.body:
                yield from ast.walk(part)


@cache
def _imports(module):
    """Name the modules that a module imports, wherever in its text, those for types only excepted."""
    tree = _tree(MODULES[module])
    ignored = set(_for_types_only(tree))
    found = set()
    for node in ast.walk(tree):
        if node in ignored:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (whole & MODULES.keys()) or {node.module}
        elif isinstance(node, ast.ImportFrom):
            found.add(f"relative import in {module}")
    return frozenset(found)


def _functions(module, *, public=True):
    for node in _tree(MODULES[module]).body:
        if isinstance(node, ast.FunctionDef) and not (public and node.name.startswith("_")):
            yield node


def _calls(tree, *names):
    """Find the calls of `names`, bare or as an attribute (`register.record`)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in names:
                yield node


# --- Doors -----------------------------------------------------------------------------------------------------------


def _may_import(importer, imported):
    """Tell whether a module of one room may import a module of another."""
    room, other = importer.split(".")[0], imported.split(".")[0]
    if other not in APPS or room == other:
        return True
    if room == "mulhouse":
        return importer.split(".")[1] in KERNEL_UPPER
    if other == "mulhouse":
        return imported.split(".")[1:2] == [] or imported.split(".")[1] not in KERNEL_UPPER
    if room == TOP_ROOM:
        return False
    if room in SERVICES:
        return other in ROOMS
    return other in ROOMS and ROOMS.index(other) < ROOMS.index(room)


def test_every_app_has_its_place():
    assert set(APPS) <= {*ROOMS, *SERVICES, TOP_ROOM}


def test_doors_between_rooms():
    wrong = [
        f"{module} → {other}" for module in CODE for other in sorted(_imports(module)) if not _may_import(module, other)
    ]
    assert wrong == []


def _floor(module, seen=()):
    """Place a module of an app: by its name, else by the highest module it imports."""
    name = module.split(".")[1] if "." in module else "apps"
    if name in FLOORS:
        return FLOORS[name]
    inside = [other for other in _imports(module) if other in CODE and other.split(".")[0] == module.split(".")[0]]
    return max((_floor(other, (*seen, module)) for other in inside if other not in (*seen, module)), default=0)


def test_floors_inside_an_app():
    wrong = []
    for module in CODE:
        app = module.split(".")[0]
        if app == "mulhouse" or "management" in module or module.count(".") == 0:
            continue
        inside = [other for other in sorted(_imports(module)) if other in CODE and other.startswith(f"{app}.")]
        wrong += [f"{module} → {other}" for other in inside if _floor(other) > _floor(module)]
    assert wrong == []


def test_no_junk_drawer():
    assert [module for module in MODULES if JUNK & set(module.split(".")[1:])] == []


def test_no_relative_import():
    assert [module for module in MODULES if any(name.startswith("relative") for name in _imports(module))] == []


def _imports_django(module):
    return any(name.split(".")[0] in {"django", "allauth", "celery", "redis"} for name in _imports(module))


def test_pure_modules_import_no_django():
    assert [module for module in PURE if _imports_django(module)] == []


def test_pure_modules_read_no_clock_and_draw_no_lot():
    """Time and randomness come as arguments; a reference is the one thing that is drawn, from the system's generator."""
    wrong = [
        f"{module}: {ast.unparse(call)}"
        for module in PURE
        for call in _calls(_tree(MODULES[module]), "now", "today", "utcnow", "random", "shuffle", "randint")
    ]
    assert wrong == []


# --- Actions, rules, models --------------------------------------------------------------------------------------------

ACTIONS = [module for module in CODE if module.split(".")[1:2] == ["actions"]]
TASKS = [module for module in CODE if module.split(".")[1:2] == ["tasks"]]


def _is_keyword_only(function):
    return not function.args.args and not function.args.posonlyargs and not function.args.vararg


def _is_durable(function):
    """An action opens the outermost transaction, or says that its caller did."""
    text = ast.unparse(function)
    return "atomic(durable=True)" in text or "assert_in_transaction()" in text


def _gestures():
    """Every function that opens the outermost transaction, whichever module it is in, and all those of the actions."""
    for module in CODE:
        for function in _functions(module):
            decorators = {ast.unparse(each) for each in function.decorator_list}
            if module in ACTIONS or "transaction.atomic(durable=True)" in decorators:
                yield module, function


def test_actions_take_keywords_only():
    assert [f"{module}.{f.name}" for module, f in _gestures() if not _is_keyword_only(f)] == []


def test_actions_are_durable_transactions():
    wrong = [f"{module}.{f.name}" for module in ACTIONS for f in _functions(module) if not _is_durable(f)]
    assert wrong == []


def test_rules_answer_with_a_refusal():
    """`xxx_refusal(user, thing, *, at)`: the name says what comes out, the instant is given."""
    wrong = [
        f"{module}.{f.name}"
        for module in CODE
        for f in _functions(module)
        if f.name.endswith("_refusal") and ("Refusal | None" not in ast.unparse(f.returns or ast.Constant("")))
    ]
    assert wrong == []


def test_docstrings_tell_what_the_signature_cannot():
    """What is raised, what is locked: said where it is not seen."""
    wrong, gestures = [], {(module, function.name) for module, function in _gestures()}
    for module in CODE:
        for function in _functions(module):
            doc, body = ast.get_docstring(function) or "", ast.unparse(function.body[1:])
            is_gesture = (module, function.name) in gestures
            is_told = is_gesture or module in TASKS or module in PURE or function.name.endswith("_refusal")
            if is_told and not doc.split("\n")[0].endswith("."):
                wrong.append(f"{module}.{function.name}: the first line is a sentence")
            if is_gesture and re.search(r"\braise\b|\brequire\(", body) and "Raises:" not in doc:
                wrong.append(f"{module}.{function.name}: Raises: is missing")
            if re.search(r"select_for_update|advisory", body) and "Locks:" not in doc:
                wrong.append(f"{module}.{function.name}: Locks: is missing")
    assert wrong == []


def test_docstring_labels_are_the_five():
    label = re.compile(r"^\s*([A-Z][a-z]+):(?= |$)", re.MULTILINE)
    wrong = []
    for module, path in CODE.items():
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                _first, _, rest = (ast.get_docstring(node) or "").partition("\n")
                found = set(label.findall(rest)) - LABELS
                wrong += [f"{module}.{node.name}: {word}:" for word in sorted(found)]
    assert wrong == []


def test_models_do_nothing_behind_the_back():
    """No rule in save(), no signal: what happens is in the action that one reads."""
    wrong = []
    for module, path in CODE.items():
        for node in ast.walk(_tree(path)):
            if module.split(".")[1:2] == ["models"] and isinstance(node, ast.FunctionDef):
                if node.name in {"save", "delete", "clean"}:
                    wrong.append(f"{module}: {node.name}()")
            elif isinstance(node, ast.ImportFrom) and node.module in {"django.db.models.signals", "django.dispatch"}:
                wrong += [f"{module}: {alias.name}" for alias in node.names if alias.name != "post_migrate"]
    assert wrong == []


def test_constraints_are_named_and_locks_say_what_they_hold():
    wrong = [
        f"{module}: {ast.unparse(call)}"
        for module, path in CODE.items()
        for call in _calls(_tree(path), "select_for_update")
        if not {"of", "no_key"} & {keyword.arg for keyword in call.keywords}
    ]
    assert wrong == []


# --- Register, queue, clock, personal data -------------------------------------------------------------------------------


def _literal(node):
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _recorded():
    for module, path in CODE.items():
        if module == "transparency.register":
            continue
        for call in _calls(_tree(path), "record"):
            # The rooms below the register speak to it through the journal.
            if {"register", "journal"} & set(ast.unparse(call.func).split(".")) or "transparency.register" in _imports(
                module
            ):
                yield module, call


def _texts_in(module, node):
    """Collect the texts of an expression, those of the module's constants included."""
    constants = {
        target.id: _literal(line.value)
        for line in _tree(MODULES[module]).body
        if isinstance(line, ast.Assign)
        for target in line.targets
        if isinstance(target, ast.Name)
    }
    parts = list(ast.walk(node))
    texts = {_literal(part) for part in parts} | {
        constants.get(part.id) for part in parts if isinstance(part, ast.Name)
    }
    return texts - {None}


def test_recorded_acts_are_declared():
    declared = {act.code for act in register.acts()}
    wrong = []
    for module, call in _recorded():
        codes = sorted(_texts_in(module, call.args[0])) if call.args else []
        # An act chosen between several (`"x.opened" if … else "x.closed"`) is read in each of its branches.
        wrong += [f"{module}: {code}" for code in codes if "." in code and code not in declared]
        if not any("." in code for code in codes):
            wrong.append(f"{module}: {ast.unparse(call)[:80]} does not name its act")
    assert wrong == []


def test_declared_acts_are_recorded():
    written = set().union(*(_texts_in(module, call) for module, call in _recorded()))
    ours = [act.code for act in register.acts() if act.code.split(".")[0] != "test"]
    assert [code for code in ours if code not in written] == []


def _our_tasks():
    celery_app.loader.import_default_modules()
    return {name: task for name, task in celery_app.tasks.items() if name.split(".")[0] in APPS}


def test_tasks_are_named_after_their_app_and_take_keywords_only():
    wrong = []
    for name, task in _our_tasks().items():
        function = inspect.unwrap(task.run)
        if name != f"{function.__module__.split('.')[0]}.{function.__name__}":
            wrong.append(f"{name} is {function.__module__}.{function.__name__}")
        for parameter in inspect.signature(function).parameters.values():
            if parameter.kind is not parameter.KEYWORD_ONLY and parameter.name != "self":
                wrong.append(f"{name}: {parameter.name} is not keyword-only")
            if parameter.kind is parameter.KEYWORD_ONLY and parameter.annotation not in {int, str}:
                wrong.append(f"{name}: {parameter.name} is not an id")
    assert wrong == []


def test_queued_names_exist():
    tasks = _our_tasks()
    wrong = []
    for module, path in CODE.items():
        for call in _calls(_tree(path), "after_commit"):
            name = _literal(call.args[0])
            if name not in tasks:
                wrong.append(f"{module}: {name}")
                continue
            expected = set(inspect.signature(inspect.unwrap(tasks[name].run)).parameters) - {"self"}
            if {keyword.arg for keyword in call.keywords} != expected:
                wrong.append(f"{module}: {name} takes {sorted(expected)}")
    assert wrong == []


def test_beat_entries_exist():
    tasks = _our_tasks()
    schedule = celery_app.conf.beat_schedule
    assert [name for name, entry in schedule.items() if entry["task"] not in tasks] == []
    assert [name for name, entry in schedule.items() if name != entry["task"]] == []


def test_every_table_about_a_person_is_declared():
    declared = {holding.model._meta.label for holding in personal_data.holdings()}
    user = get_user_model()
    linked = {
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and field.related_model is user
    }
    # The tables behind the roles: they are exported with the person (groups and rights), under the table of people.
    behind_the_person = {f"{user._meta.label}_groups", f"{user._meta.label}_user_permissions"}
    assert sorted(linked - declared - behind_the_person) == []


# --- Templates -----------------------------------------------------------------------------------------------------------


def _templates(folder="."):
    return sorted(path for path in (TEMPLATES / folder).rglob("*") if path.is_file())


def _pages():
    """Templates that a browser shows (mails have rules of their own)."""
    return [path for path in _templates() if path.suffix in {".html", ".svg"} and "emails" not in path.parts]


def _wrong_lines(paths, pattern):
    return [
        f"{path.relative_to(ROOT)}: {found.group(0)[:80]}"
        for path in paths
        for found in pattern.finditer(path.read_text())
    ]


def _package_loaders():
    loaders = engines["django"].engine.template_loaders
    return [inner for loader in loaders for inner in (loader.loaders if isinstance(loader, CachedLoader) else [loader])]


def _is_override(name):
    """Tell whether a package has a template of this name: ours replaces it."""
    folders = [folder for loader in _package_loaders() for folder in loader.get_dirs()]
    return any((Path(folder) / name).exists() for folder in folders if Path(folder) != TEMPLATES)


def test_no_unused_template():
    text = "\n".join(path.read_text() for path in (*CODE.values(), *(p for p in _templates() if p.suffix != ".svg")))
    built = {f"{status}.html" for status in (403, 404, 405, 429, 500, 503)}
    # A mail is found by the kind that is declared for it.
    mails = {f"emails/{kind.path}" for kind in kinds.everything()}
    unused = []
    for path in _templates():
        name = path.relative_to(TEMPLATES).as_posix()
        used = f'"{name}"' in text or f"'{name}'" in text or f'"{name}#' in text
        # A mail is named without its extension: it has a text and an HTML form.
        used = (
            used
            or f'"{name.rsplit(".", 1)[0]}"' in text
            or f'"{name.rsplit(".", 1)[0].removeprefix("emails/")}"' in text
            or name.rsplit(".", 1)[0] in mails
        )
        if not (used or name in built or _is_override(name)):
            unused.append(name)
    assert unused == []


def test_loads_are_sorted():
    wrong = []
    for path in _templates():
        for names in re.findall(r"{% load ([^%]+?) %}", path.read_text()):
            words = names.split(" from ")[0].split()
            if words != sorted(words):
                wrong.append(f"{path.relative_to(ROOT)}: {names}")
    assert wrong == []


def test_blocktranslate_is_trimmed():
    untrimmed = re.compile(r"{% (?:blocktranslate|blocktrans)\b(?![^%]*\btrimmed\b)[^%]*%}")
    assert _wrong_lines(_templates(), untrimmed) == []
    assert _wrong_lines(_templates(), re.compile(r"{% (?:trans|blocktrans)\b")) == []


@pytest.mark.parametrize(
    "pattern",
    [
        r"<script(?![^>]*\bsrc=)(?![^>]*\btype=.application/(?:ld\+)?json)[^>]*>",
        r"<style\b",
        r"\sstyle=",
        r"<[a-z][^>]*\son[a-z]+=",
        r"javascript:",
        r"\bhx-on\b|\bhx-vals=.js:|\bhx-vars\b",
        r"\|safe\b(?!eq)",
        r"{% autoescape off",
        r'target="_blank"(?![^>]*rel=)',
    ],
    ids=["script", "style", "style=", "on…=", "javascript:", "hx-on", "safe", "autoescape", "target"],
)
def test_nothing_inline(pattern):
    """The content security policy refuses it, and so do we (`|safe` shows what nobody cleaned)."""
    pages = _pages()
    if "safe" in pattern:
        # Help texts are written in the code and hold markup; Django's own templates, which ours replace, mark them so.
        names = {path: path.relative_to(TEMPLATES).as_posix() for path in pages}
        pages = [path for path in pages if not names[path].startswith("forms/") and not _is_override(names[path])]
    assert _wrong_lines(pages, re.compile(pattern, re.IGNORECASE)) == []


def test_posted_forms_carry_their_token():
    form = re.compile(r"<form\b[^>]*\bmethod=\"post\"(?:(?!</form>).)*</form>", re.IGNORECASE | re.DOTALL)
    wrong = [
        f"{path.relative_to(ROOT)}: {found[:80]}"
        for path in _pages()
        for found in form.findall(path.read_text())
        if "{% csrf_token %}" not in found and 'name="csrfmiddlewaretoken"' not in found
    ]
    assert wrong == []


def test_forms_show_our_own_errors():
    # Our words stand in French beside the field and in the summary; a browser's bubble would come first, in its own language.
    form = re.compile(r"(<form\b[^>]*\bmethod=\"post\"[^>]*>)((?:(?!</form>).)*)</form>", re.IGNORECASE | re.DOTALL)
    fields = re.compile(r"\{% (?:field|form_fields|position_radios) |as_field_group")
    wrong = [
        f"{path.relative_to(ROOT)}: {opening[:80]}"
        for path in _pages()
        for opening, inside in form.findall(path.read_text())
        if (fields.search(inside) or 'class="formulaire' in opening) and " novalidate" not in opening
    ]
    assert wrong == []


def test_components_open_with_their_arguments():
    wrong = [
        str(path.relative_to(ROOT))
        for path in _templates("components")
        if path.suffix == ".html" and not path.read_text().lstrip().startswith(("{% comment %}", "{#"))
    ]
    assert wrong == []


def test_component_arguments_are_keywords():
    wrong = []
    for function in _functions("mulhouse.templatetags.ui"):
        kinds = {
            ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)
            for decorator in function.decorator_list
        }
        given = [argument.arg for argument in function.args.args if argument.arg not in {"context", "content"}]
        if "register.filter" not in kinds and any(kind.startswith("register.") for kind in kinds) and given:
            wrong.append(f"{function.name}({', '.join(given)})")
    assert wrong == []


# --- The whole tree ------------------------------------------------------------------------------------------------------

TEXT = {".py", ".html", ".css", ".js", ".md", ".txt", ".toml", ".yml", ".yaml", ".po", ".sh", ".example", ""}


def _texts():
    folders = [*APPS, "templates", "tests", "benchmarks", "bin", ".ci", "static/css", "static/js", "docs"]
    files = [path for path in ROOT.iterdir() if path.is_file() and not path.name.startswith((".venv", ".coverage"))]
    for folder in folders:
        files += [path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return [path for path in files if path.suffix in TEXT and "vendor" not in path.parts]


def test_nothing_is_left_to_do():
    words = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
    assert _wrong_lines(_texts(), words) == []


def test_french_quotes_and_apostrophes():
    """In what residents read: ’ rather than ', and a no-break space before a double sign."""
    wrong = []
    sentence = re.compile(r"{% translate \"([^\"]+)\"|{% blocktranslate[^%]*%}(.*?){% endblocktranslate %}", re.DOTALL)
    for path in _templates():
        for groups in sentence.findall(path.read_text()):
            text = re.sub(r"{{.*?}}|{%.*?%}|<[^>]*>", "", "".join(groups))
            if re.search(r"\w'\w", text) or re.search(r"[^\u00a0\u202f\d:/][:;!?»](?=\s|$)|«(?!\u00a0)", text):
                wrong.append(f"{path.relative_to(ROOT)}: {' '.join(text.split())[:80]}")
    assert wrong == []


def test_every_setting_of_the_environment_is_documented():
    example = (ROOT / ".env.example").read_text()
    documented = set(re.findall(r"^#?\s?([A-Z][A-Z0-9_]+)=", example, re.MULTILINE))
    read = set()
    for path in (*CODE.values(), ROOT / "gunicorn.conf.py"):
        read |= set(re.findall(r"(?:env\.\w+|_declared|environ\.get)\(\s*\"([A-Z][A-Z0-9_]+)\"", path.read_text()))
    own = {"DJANGO_SETTINGS_MODULE", "PATH", "HOME"}  # not ours to document
    assert sorted(read - documented - own) == []


def test_urls_are_named_in_their_app():
    """`app_name` in each app; names in English, paths in French, public references and never a key."""
    wrong = []
    for app in APPS:
        path = ROOT / app / "urls.py"
        if path.exists() and app != "mulhouse" and "app_name =" not in path.read_text():
            wrong.append(app)
    assert wrong == []


def test_rooms_are_listed_bottom_first():
    """The registries are filled in the order of INSTALLED_APPS: the erasure relies on it."""
    order = [name for name in settings.INSTALLED_APPS if name in ROOMS]
    assert all(ROOMS.index(first) < ROOMS.index(second) for first, second in pairwise(order))

"""Migrations run before the new code, on a full database, under traffic: their operations are read here."""

import ast
import re
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.core.management import call_command
from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader

ROOT = Path(settings.BASE_DIR)
OURS = [config.label for config in apps.get_app_configs() if Path(config.path).parent == ROOT]


def _migrations():
    """Give (name, migration) of every migration of ours."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return [
        (f"{app}.{name}", migration) for (app, name), migration in sorted(loader.disk_migrations.items()) if app in OURS
    ]


def _later():
    """Those that meet rows: what comes after the tables of an app were first made."""
    return [(name, migration) for name, migration in _migrations() if not migration.initial]


def _problems(migration):
    """Say what is wrong with the operations of a migration that meets rows."""
    kinds = [type(operation) for operation in migration.operations]
    made_here = {op.name.lower() for op in migration.operations if isinstance(op, operations.CreateModel)}
    found = [problem for operation in migration.operations for problem in _problems_of_one(operation, made_here)]
    if operations.RunPython in kinds and len(kinds) > 1:
        found.append("RunPython stands alone in its file")
    concurrent = [kind for kind in kinds if kind in {AddIndexConcurrently, RemoveIndexConcurrently}]
    if concurrent and (migration.atomic or len(kinds) > len(concurrent)):
        found.append("concurrent indexes stand alone, with atomic = False")
    if operations.RemoveField in kinds and operations.AddField in kinds:
        found.append("a field is removed in a later release than the one that adds its successor")
    return found


def _problems_of_one(operation, made_here):
    if isinstance(operation, operations.RunPython) and operation.reverse_code is None:
        yield "RunPython says how to go back, or noop"
    if isinstance(operation, operations.RunSQL) and operation.reverse_sql is None:
        yield "RunSQL says how to go back, or noop"
    if getattr(operation, "model_name", "").lower() in made_here:
        return  # an empty table: nobody waits for it
    if type(operation) is operations.AddIndex:
        yield f"the index on {operation.model_name} is added concurrently"
    if isinstance(operation, operations.AddField):
        field = operation.field
        if not (field.null or field.many_to_many or field.generated or field.has_db_default()):
            yield f"the column {operation.name} is nullable or has a db_default"


def test_models_and_migrations_agree(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_operations_are_safe_under_traffic():
    wrong = {name: found for name, migration in _later() if (found := _problems(migration))}
    assert wrong == {}


def test_migrations_are_named_for_what_they_do():
    assert [
        name for name, _ in _migrations() if re.search(r"_auto_\d|_alter_\w+_and_more$|_remove_\w+_and_more$", name)
    ] == []


def test_migrations_import_no_code_of_an_app():
    """The code of today is not there any more when an old migration runs. Only pure modules stay put."""
    stable = {"mulhouse.references"}  # the default of a column, named in 0001
    wrong = []
    for label in OURS:
        for path in sorted((ROOT / label / "migrations").glob("0*.py")):
            initial = path.name.startswith("0001") or "initial = True" in path.read_text()
            for node in ast.walk(ast.parse(path.read_text())):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
                wrong += [
                    f"{label}/{path.name}: {name}"
                    for name in names
                    if name.split(".")[0] in OURS and name not in stable and not initial
                ]
    assert wrong == []


def test_every_app_with_models_has_migrations():
    with_models = {model._meta.app_label for model in apps.get_models()} & set(OURS)
    assert with_models - {name.split(".")[0] for name, _ in _migrations()} == set()

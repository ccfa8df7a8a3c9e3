# Needs Python 3.11 with its venv module, and make. Everything else is installed into .venv.
# `make run PORT=8001 HOST_ADDRESS=0.0.0.0` and PORTAL_STATE=/elsewhere reach the commands through the environment.

.DEFAULT_GOAL := help
.PHONY: help run dev install install-dev test check lint types unit coverage messages manage bench audit backup restore requirements

PYTHON ?= $(shell for p in python3.11 python3; do $$p -c 'import venv' 2>/dev/null && echo $$p && break; done)
PY := .venv/bin/python
DEMO := PORTAL_ENV=demo $(PY) manage.py

help: ## Affiche cette liste
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

run: install ## Installe, prépare et ouvre le portail de démonstration (PORT=8000)
	@exec env PORTAL_ENV=demo $(PY) manage.py serve --with-parent

dev: install-dev ## Comme run, avec DEBUG, et redémarrage quand le code change
	@exec env PORTAL_ENV=dev $(PY) manage.py serve --with-parent --reload

test: install-dev ## Tout vérifier : style, types, gabarits, tests, navigateur
	@$(MAKE) --no-print-directory --keep-going lint types unit

lint: install-dev ## Style du code et des gabarits
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check
	@find templates -name '*.html' | xargs .venv/bin/djade --target-version 5.2 --check
	@.venv/bin/djlint templates --lint --quiet

types: install-dev ## Types (mypy strict)
	@PORTAL_ENV=test $(PY) -m mypy

unit: install-dev ## Tests, y compris dans le navigateur ; ARGS="tests/accounts -x" pour une partie
	@$(PY) -m tests.e2e.chromium
	@$(PY) -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal $(ARGS)

coverage: install-dev ## Tests sans navigateur, avec la part du code qu’ils parcourent
	@$(PY) -m pytest --cov --ignore tests/e2e

messages: install-dev ## Met à jour les catalogues de traduction à partir du code
	@$(DEMO) update_catalogs

manage: install ## Une commande de gestion : make manage CMD="verify_register"
	@$(DEMO) $(CMD)

bench: install-dev ## Mesure les pages principales, en proportion d’une page nue ; ARGS=--ideas pour une partie
ifdef ARGS
	@$(PY) -m benchmarks $(ARGS)
else
	@$(PY) -m benchmarks
	@$(PY) -m benchmarks --search
	@$(PY) -m benchmarks --ideas
	@$(PY) -m benchmarks --crowd 200
endif

audit: install-dev ## Cherche les failles connues des paquets installés
	@$(PY) bin/audit.py

backup: install ## Sauvegarde la base et les fichiers : FILE=sauvegarde.tar
	@$(DEMO) backup $(FILE)

restore: install ## Remet une sauvegarde : FILE=sauvegarde.tar
	@$(DEMO) restore $(FILE)

requirements: install-dev ## Recalcule les listes de paquets à partir des .in (UPGRADE=--upgrade)
	@for list in requirements requirements-dev requirements-install; do \
	  $(PY) -m uv pip compile -q --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-annotate \
	    $(UPGRADE) $$list.in -o $$list.txt || exit 1; done

install:
	@$(PYTHON) bin/install.py requirements.txt

install-dev:
	@$(PYTHON) bin/install.py requirements-dev.txt

#!/bin/sh
# Makes the stubs: budgetarbiter/v1/*_pb2.py and *_pb2_grpc.py.
set -eu
cd "$(dirname "$0")"
test -d .venv || python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check --requirement requirements.txt
.venv/bin/python -m grpc_tools.protoc --proto_path=../../proto \
  --python_out=. --pyi_out=. --grpc_python_out=. \
  budgetarbiter/v1/budget.proto budgetarbiter/v1/budget_service.proto

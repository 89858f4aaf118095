#!/bin/sh
# Makes the stubs in src/budget_arbiter/_gen, with the oldest protobuf that is supported: newer ones read what it writes.
# The copies have a package of their own, so that the process's pool of descriptors takes them beside anybody else's stubs of
# the same files (google/rpc/status.proto above all). Names of messages do not travel, so the service sees no difference.
set -eu
cd "$(dirname "$0")"
venv=${XDG_CACHE_HOME:-$HOME/.cache}/budget-arbiter-ci/protoc-1.63.2
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check 'grpcio-tools==1.63.2' 'protobuf==5.26.1' 'setuptools==79.0.1'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/budget_arbiter/_gen"
for file in budgetarbiter/v1/budget budgetarbiter/v1/budget_service google/rpc/status google/rpc/error_details; do
  sed -e 's/^package .*;/package budget_arbiter._gen;/' \
    -e 's#import "\(budgetarbiter/v1\|google/rpc\)/#import "budget_arbiter/_gen/#' \
    -e 's/google\.rpc\.Status/Status/' \
    "../../proto/$file.proto" >"$work/budget_arbiter/_gen/${file##*/}.proto"
done
"$venv/bin/python" -m grpc_tools.protoc --proto_path="$work" --python_out=src --pyi_out=src \
  "$work"/budget_arbiter/_gen/*.proto
touch src/budget_arbiter/_gen/__init__.py

#!/usr/bin/env bash
# The service on MongoDB's own images: every supported version as a replica set of three that is stepped down, killed and
# partitioned under load, and as two shards behind two mongos, sharded before and after there is data. After each the books
# must balance: what was acknowledged is booked once.
#
#   test/real-mongo/run.sh                 all versions, both topologies: about 10 minutes a version
#   test/real-mongo/run.sh 7 8             these versions
#   DRY_RUN=1 test/real-mongo/run.sh       says the commands, and runs none
#
# Needs docker with compose, openssl, and a clone with `npm ci && npm run build` done by the Node of NODE_IMAGE (node:24).
set -euo pipefail
cd "$(dirname "$0")"

versions=("$@")
[ ${#versions[@]} -gt 0 ] || versions=(4.4 5 6 7 8)
readonly PASSWORD=real-mongo DATABASE=budget
readonly FAULT_SECONDS=${FAULT_SECONDS:-10}
export SECRETS=${SECRETS:-$PWD/secrets} COMPOSE_PROJECT_NAME=budget-real-mongo
export REAL_MONGO=1 REAL_MONGO_SECONDS=${REAL_MONGO_SECONDS:-150} REAL_MONGO_DATABASE=$DATABASE
# The old shell answers with what went wrong, and ends as if all were well.
readonly MUST='const must = (answer) => { if (answer.ok !== 1) throw new Error(JSON.stringify(answer)); };'
load=

say() { printf '\n=== %s\n' "$*"; }
# run COMMAND...: runs it, or says it.
run() {
  if [ -n "${DRY_RUN:-}" ]; then printf '+ %s\n' "$*"; else "$@"; fi
}
pause() { run sleep "$1"; }
compose() { run docker compose --file compose.yaml --profile "$profile" "$@"; }

down() {
  [ -z "$load" ] || kill "$load" 2>/dev/null || true
  compose down --volumes --remove-orphans
}

# One authority, and one certificate that is every server's, and a member's for the others.
make_secrets() {
  [ -s "$SECRETS/server.pem" ] && return
  run mkdir -p "$SECRETS"
  run openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=real-mongo-ca \
    -keyout "$SECRETS/ca.key" -out "$SECRETS/ca.pem"
  run openssl req -newkey rsa:2048 -nodes -subj /O=real-mongo/CN=server \
    -keyout "$SECRETS/server.key" -out "$SECRETS/server.csr"
  run sh -c "printf '%s\n' 'subjectAltName=DNS:localhost,DNS:mongo1,DNS:mongo2,DNS:mongo3,DNS:config1,DNS:shard1,DNS:shard2,DNS:mongos1,DNS:mongos2' \
    'extendedKeyUsage=serverAuth,clientAuth' > '$SECRETS/server.ext'"
  run openssl x509 -req -days 365 -in "$SECRETS/server.csr" -CA "$SECRETS/ca.pem" -CAkey "$SECRETS/ca.key" \
    -CAcreateserial -extfile "$SECRETS/server.ext" -out "$SECRETS/server.crt"
  run sh -c "cat '$SECRETS/server.key' '$SECRETS/server.crt' > '$SECRETS/server.pem'"
  run sh -c "openssl rand -base64 48 > '$SECRETS/keyfile'"
}

# shell NODE JAVASCRIPT [root]: in the node's own shell, which is mongosh, and mongo in old images. Without `root` by the
# exception for localhost, which holds until there is a user.
shell() {
  local node=$1 script=$2 user=()
  [ "${3:-}" != root ] || user=(--username root --password "$PASSWORD" --authenticationDatabase admin)
  # shellcheck disable=SC2016 # the node expands it
  compose exec -T "$node" sh -c 'exec "$(command -v mongosh || command -v mongo)" "$@"' shell --quiet \
    --tls --tlsCAFile /secrets/ca.pem --host localhost "${user[@]}" --eval "$MUST $script"
}

# until_true NODE EXPRESSION [root]: waits for a minute at most.
until_true() {
  for _ in $(seq 60); do
    shell "$1" "if (!($2)) throw new Error('not yet')" "${3:-}" && return
    pause 1
  done
  echo "$1: after a minute still not: $2" >&2
  return 1
}

# users NODE: an operator, and the service's own user, who may do what role.json says and no more.
users() {
  shell "$1" "db.getSiblingDB('admin').createUser({user: 'root', pwd: '$PASSWORD', roles: ['root']})"
  shell "$1" "const role = $(tr -d '\n' <role.json); const db2 = db.getSiblingDB('$DATABASE');
    db2.createRole(role); db2.createUser({user: 'arbiter', pwd: '$PASSWORD', roles: ['budgetArbiter']})" root
}

start_load() {
  say "load for $REAL_MONGO_SECONDS s: $1"
  if [ -n "${DRY_RUN:-}" ]; then compose run --rm tester; else compose run --rm -T tester & load=$!; fi
  pause 15
}

# The load checks the books when its time is over.
end_load() {
  if [ -z "${DRY_RUN:-}" ]; then
    wait "$load"
    load=
  fi
}

# Waits for one.
primary() {
  local node
  for _ in $(seq 60); do
    for node in mongo1 mongo2 mongo3; do
      if shell "$node" 'if (!db.hello().isWritablePrimary) throw new Error("no primary")' root >/dev/null 2>&1; then
        echo "$node"
        return
      fi
    done
    sleep 1
  done
  echo 'there is no primary' >&2
  return 1
}

step_down() {
  say "the primary steps down"
  # The line is cut where an old server steps down: that is no failure.
  shell "$(primary)" 'db.adminCommand({replSetStepDown: 10, force: true})' root || true
}

kill_primary() {
  local node
  node=$(primary)
  say "$node, the primary, is killed"
  compose kill --signal KILL "$node"
  pause "$FAULT_SECONDS"
  compose up --detach "$node"
}

part_primary() {
  local node
  node=$(primary)
  say "$node, the primary, is cut off from the others and from the service"
  run docker network disconnect "${COMPOSE_PROJECT_NAME}_default" "$COMPOSE_PROJECT_NAME-$node-1"
  pause "$((FAULT_SECONDS * 2))"
  run docker network connect --alias "$node" "${COMPOSE_PROJECT_NAME}_default" "$COMPOSE_PROJECT_NAME-$node-1"
}

# What only a server of its own can be made to say: enableTestCommands.
fail_commands() {
  local code
  for code in 11602 189 91 112; do
    say "the next commits are answered with code $code"
    shell "$(primary)" "must(db.adminCommand({configureFailPoint: 'failCommand', mode: {times: 5},
      data: {failCommands: ['findAndModify', 'update'], errorCode: $code}}))" root
    pause 2
  done
  say "the next commits are applied, and their majority is in doubt"
  shell "$(primary)" "must(db.adminCommand({configureFailPoint: 'failCommand', mode: {times: 5},
    data: {failCommands: ['findAndModify', 'update'], writeConcernError: {code: 64, errmsg: 'by plan'}}}))" root
}

replica_set() {
  profile=replica
  export MONGODB_URI="mongodb://arbiter:$PASSWORD@mongo1,mongo2,mongo3/?replicaSet=rs0&authSource=$DATABASE&tls=true&tlsCAFile=/secrets/ca.pem"
  compose up --detach mongo1 mongo2 mongo3
  until_true mongo1 'db.runCommand({ping: 1}).ok === 1'
  shell mongo1 "must(rs.initiate({_id: 'rs0', members: [1, 2, 3].map((n) => ({_id: n, host: 'mongo' + n + ':27017', priority: n === 1 ? 2 : 1}))}))"
  until_true mongo1 'db.hello().isWritablePrimary'
  users mongo1
  start_load "a replica set of three, MongoDB $MONGO_VERSION"
  step_down
  pause "$FAULT_SECONDS"
  kill_primary
  pause "$FAULT_SECONDS"
  part_primary
  pause "$FAULT_SECONDS"
  fail_commands
  end_load
  down
}

# shard_collections: with data an index comes first; without data the command makes it.
shard_collections() {
  local pair
  for pair in 'budgets {_id:"hashed"}' 'usage {budget:"hashed"}' 'receipts {budget:"hashed"}' 'denials {budget:"hashed"}' 'changes {budget:"hashed"}'; do
    shell mongos1 "db.getSiblingDB('$DATABASE').${pair%% *}.createIndex(${pair#* });
      must(db.adminCommand({shardCollection: '$DATABASE.${pair%% *}', key: ${pair#* }}))" root
  done
}

# sharded before|after: whether the collections are sharded before there is data, or while the service works on it.
sharded() {
  local when=$1 node
  profile=sharded
  export MONGODB_URI="mongodb://arbiter:$PASSWORD@mongos1,mongos2/?authSource=$DATABASE&tls=true&tlsCAFile=/secrets/ca.pem"
  compose up --detach config1 shard1 shard2
  for node in config1 shard1 shard2; do
    until_true "$node" 'db.runCommand({ping: 1}).ok === 1'
    shell "$node" "must(rs.initiate({_id: '${node/config1/config}', $([ "$node" != config1 ] || echo 'configsvr: true,')
      members: [{_id: 0, host: '$node:27017'}]}))"
    until_true "$node" 'db.hello().isWritablePrimary'
  done
  compose up --detach mongos1 mongos2
  until_true mongos1 'db.runCommand({ping: 1}).ok === 1'
  users mongos1
  for node in shard1 shard2; do shell mongos1 "must(db.adminCommand({addShard: '$node/$node:27017'}))" root; done
  shell mongos1 "must(db.adminCommand({enableSharding: '$DATABASE'}))" root
  [ "$when" = after ] || shard_collections
  start_load "two shards, sharded $when there is data, MongoDB $MONGO_VERSION"
  [ "$when" = before ] || shard_collections
  say "one mongos is killed"
  compose kill --signal KILL mongos1
  pause "$FAULT_SECONDS"
  compose up --detach mongos1
  end_load
  down
}

profile=replica
trap down EXIT
make_secrets
for version in "${versions[@]}"; do
  export MONGO_VERSION=$version
  say "MongoDB $version"
  replica_set
  sharded before
  sharded after
done
say "all books balance on MongoDB ${versions[*]}"

#!/usr/bin/env bash
# The entry point of every server in compose.yaml: secrets as mongod wants them, then the server with what all have in common.
set -euo pipefail
for secret in keyfile server.pem; do
  install -m 400 -o mongodb -g mongodb "/secrets/$secret" "/tmp/$secret"
done
chown -R mongodb:mongodb /data/db /data/configdb
exec gosu mongodb "$@" --bind_ip_all --keyFile /tmp/keyfile \
  --tlsMode requireTLS --tlsCertificateKeyFile /tmp/server.pem --tlsCAFile /secrets/ca.pem \
  --tlsAllowConnectionsWithoutCertificates --setParameter enableTestCommands=1

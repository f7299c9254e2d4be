#!/usr/bin/env bash
# What people write today: the recipe as curl and jq. Reads DOCKER_HOST, a unix:// URL or tcp://.
set -euo pipefail

case $DOCKER_HOST in
  unix://*) api() { curl -sS --fail --unix-socket "${DOCKER_HOST#unix://}" "http://localhost/v1.41$1" "${@:2}"; } ;;
  *) api() { curl -sS --fail "http://${DOCKER_HOST#tcp://}/v1.41$1" "${@:2}"; } ;;
esac

container=$(api /containers/create -H 'Content-Type: application/json' \
  -d '{"Image": "alpine", "Cmd": ["ls"], "AttachStdout": true, "AttachStderr": true}' | jq -r .Id)
# Without logs=1 the start could come before the attach, and the output be lost.
api "/containers/$container/attach?logs=1&stream=1&stdout=1&stderr=1" -X POST --output - &
api "/containers/$container/start" -X POST
api "/containers/$container/wait" -X POST | jq .StatusCode
wait
api "/containers/$container?force=1" -X DELETE

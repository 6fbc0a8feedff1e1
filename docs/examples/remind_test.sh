#!/bin/sh
# Shows that a reminder goes out two hours after it was asked for, and not before.
set -eu
scratch=$(mktemp -d)
leasehold-server --ephemeral --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 \
  --ready-file "$scratch/ready" 2> "$scratch/log" &
server=$!
trap 'kill $server || true; wait $server || true; rm -rf "$scratch"' EXIT
until [ -e "$scratch/ready" ]; do
  kill -0 $server || { cat "$scratch/log" >&2; exit 1; }
  sleep 0.02
done
export $(cat "$scratch/ready")  # LEASEHOLD_SERVER, for the command and the libraries

mkdir "$scratch/tasks"
printf '#!/bin/sh\necho reminded >> "%s/sent"\n' "$scratch" > "$scratch/tasks/remind"
chmod +x "$scratch/tasks/remind"

leasehold add remind --delay 2h
leasehold work --once --tasks "$scratch/tasks"
if [ -e "$scratch/sent" ]; then echo "it went out too early"; exit 1; fi

leasehold advance-clock 2h
leasehold work --once --tasks "$scratch/tasks"
grep reminded "$scratch/sent"

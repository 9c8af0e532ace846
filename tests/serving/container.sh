#!/bin/sh
# What a container has: a read-only root, /tmp and /data of its own, no network but its own address.
# Arguments: the folder with both, a folder of the interpreter that only root sees (or ''), the
# interpreter's own, and the command to run.
set -e
place=$1 hidden=$2 python=$3
shift 3
if [ -n "$hidden" ]; then
    mkdir "$place/python"
    mount --bind "$python" "$place/python"
    mount -t tmpfs -o mode=755 tmpfs "$hidden"
    mkdir -p "$python"
    mount --move "$place/python" "$python"
fi
mount -o remount,bind,ro /
for name in tmp data; do mount -t tmpfs -o mode=777 tmpfs "$place/$name"; done
ip link set lo up
! touch /usr/written 2>/dev/null
exec "$@"

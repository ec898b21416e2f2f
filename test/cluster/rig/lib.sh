# Shared by the scripts of this folder; sourced, never run.
# shellcheck shell=bash

RIG=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)

# What belongs to a running cluster lies under one folder; `down` removes it.
# Programs and images lie in the cache, which clusters can share.
KUBE_RIG_HOME=${KUBE_RIG_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/kube-rig}
KUBE_RIG_CACHE=${KUBE_RIG_CACHE:-$KUBE_RIG_HOME}
BIN=$KUBE_RIG_CACHE/bin
IMAGES=$KUBE_RIG_CACHE/images
GATEWAY_API=$KUBE_RIG_CACHE/gateway-api
GATEWAY_CRDS=$KUBE_RIG_CACHE/gateway-crds
RUN=$KUBE_RIG_HOME/run
KUBECONFIG_FILE=$KUBE_RIG_HOME/kubeconfig
PATH=$BIN:$PATH:/usr/sbin:/sbin

# The API server listens on this port in node-1, and a relay offers it on
# 127.0.0.1 of the machine, so that one kubeconfig serves both places.
KUBE_RIG_PORT=${KUBE_RIG_PORT:-6443}

# How many nodes `up` boots. Node 1 also runs the control plane.
KUBE_RIG_NODES=${KUBE_RIG_NODES:-1}

# dual (the default) or ipv4.
KUBE_RIG_FAMILY=${KUBE_RIG_FAMILY:-dual}

# What a running cluster was booted with holds for it until `down`.
# shellcheck source=/dev/null
if [[ -e $RUN/settings ]]; then . "$RUN/settings"; fi

# The cgroup of the rig; another KUBE_RIG_HOME is another rig.
CGROUP=kube-rig-$(cksum <<<"$KUBE_RIG_HOME" | cut -d' ' -f1)

BASE_IMAGE=node:26-bookworm-slim
BASE_IMAGE_NODE=26
BASE_IMAGE_SUITE=bookworm

CLUSTER_DOMAIN=cluster.local
SERVICE_CIDR=10.96.0.0/16
SERVICE_API=10.96.0.1
SERVICE_DNS=10.96.0.10
SERVICE_CIDR6=fd00:10:96::/112
SERVICE_API6=fd00:10:96::1
POD_CIDR=10.244.0.0/16
POD_CIDR6=fd00:10:244::/56
LAN_PREFIX=24
LAN_PREFIX6=64
node_ip() { echo "172.18.0.$((10 + $1))"; }
node_ip6() { echo "fd00:172:18::$((10 + $1))"; }
pod_cidr() { echo "10.244.$1.0/24"; }
pod_cidr6() { echo "fd00:10:244:$1::/64"; }
dual() { [[ $KUBE_RIG_FAMILY == dual ]]; }
# both A B: "A,B" in a dual-stack cluster, else "A".
both() { if dual; then echo "$1,$2"; else echo "$1"; fi; }

say() { printf '[%4ds] %s\n' "$SECONDS" "$*" >&2; }
die() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

need_root() { [[ $(id -u) == 0 ]] || die "the rig makes namespaces, mounts and cgroups: run it as root"; }

# alone FILE: waits until no other script holds the lock, and holds it till the end.
alone() {
	exec 9>"$1"
	flock -n 9 || { say "waiting for another run, which holds $1" && flock 9; }
}

# A process is named by its id and its start time, so that an id that the
# machine has given to another process is never signalled.
process_start() { awk '{ sub(/.*\) /, ""); print $20 }' "/proc/$1/stat" 2>/dev/null || true; }
process_write() { echo "$2 $(process_start "$2")" >"$1"; }
process_read() {
	local pid start
	[[ -s $1 ]] || return 1
	read -r pid start <"$1"
	[[ -n $start && $(process_start "$pid") == "$start" ]] || return 1
	echo "$pid"
}

node_pid() { process_read "$RUN/node-$1/pid"; }
nodes_running() {
	local dir n
	for dir in "$RUN"/node-*/; do
		n=${dir%/}
		n=${n##*node-}
		if [[ -d $dir ]] && node_pid "$n" >/dev/null; then echo "$n"; fi
	done
}

# in_node N COMMAND...: runs a command in a node's namespaces.
in_node() {
	local pid n=$1
	shift
	pid=$(node_pid "$n") || die "node-$n is not running"
	nsenter -t "$pid" -m -n -u -i -p -- "$@"
}

# import N ARCHIVE: puts an image archive into a node's containerd.
import() {
	in_node "$1" "$BIN/ctr" -n k8s.io images import --local - <"$2" 2> >(grep -v DEPRECATION >&2)
}

# make_image ARCHIVE NAME ROOTFS CONFIG: writes an image archive with one
# layer. CONFIG is the JSON of the image's "config" (Entrypoint, Cmd, Env, ...).
make_image() {
	local archive=$1 name=$2 rootfs=$3 config=$4 dir diff
	dir=$(mktemp -d "${MAKING:-$KUBE_RIG_HOME}/image.XXXXXX")
	tar -C "$rootfs" --numeric-owner --sort=name -cf "$dir/layer.tar" .
	diff=$(sha256sum "$dir/layer.tar" | cut -d' ' -f1)
	cat >"$dir/config.json" <<-END
		{"architecture":"amd64","os":"linux","created":"2020-01-01T00:00:00Z","config":$config,
		 "rootfs":{"type":"layers","diff_ids":["sha256:$diff"]},
		 "history":[{"created":"2020-01-01T00:00:00Z","created_by":"kube-rig"}]}
	END
	echo "[{\"Config\":\"config.json\",\"RepoTags\":[\"$name\"],\"Layers\":[\"layer.tar\"]}]" >"$dir/manifest.json"
	tar -C "$dir" -cf "$archive.part" manifest.json config.json layer.tar
	rm -rf "$dir"
	mv "$archive.part" "$archive"
}

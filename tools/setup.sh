#!/bin/sh
# All set-up, and only what is missing: Debian packages, npm packages by lockfile, native binding, pages.
# `tools/setup.sh start` is what `npm start` needs; `tools/setup.sh test` adds what the tests need, `tools/setup.sh image` what the image needs.
# A second run finds everything in place and takes about a second, without network.
set -eu
cd "$(dirname "$0")/.."
purpose=${1:-start}

say() { printf '%s\n' "$*" >&2; }

# -- Debian packages (tools/debian-packages.txt is the one list)
wanted=$(awk -v purpose="$purpose" '!/^#/ { for (word = 2; word <= NF; word++) if ($word == "start" || $word == purpose) { print $1; next } }' tools/debian-packages.txt)
missing=
for package in $wanted; do
	dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
if [ -n "$missing" ]; then
	say "InCamera needs these Debian packages and installs them now:$missing"
	root=
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || { say "setup.no_root: not root, and sudo is not there. Run as root: apt-get install --no-install-recommends$missing"; exit 1; }
		root=sudo
	fi
	# Debian's PostgreSQL comes with a database for the whole machine, started at once. InCamera runs its own, private one.
	no_cluster=/etc/postgresql-common/createcluster.d/incamera.conf
	case $missing in *postgresql*)
		say "PostgreSQL: its package's own database \"main\" is not created ($no_cluster, only while installing)."
		$root mkdir -p "${no_cluster%/*}"
		echo "create_main_cluster = false" | $root tee "$no_cluster" >/dev/null
	esac
	log=$(mktemp)
	# shellcheck disable=SC2086  # a list of words
	{ $root apt-get update -q && DEBIAN_FRONTEND=noninteractive $root apt-get install -y -q --no-install-recommends $missing; } >"$log" 2>&1 || {
		$root rm -f "$no_cluster"
		tail -n 20 "$log" >&2
		say "setup.apt_failed: apt-get could not install them; its last lines are above. Is this Debian 12 with a reachable mirror?"
		exit 1
	}
	$root rm -f "$no_cluster"
	rm -f "$log"
fi

# -- npm packages, exactly those of the lockfile
node=node_modules/.bin/node
stamp=node_modules/.incamera-lock
packages_by_lockfile() {
	"$@" ci --no-fund --no-audit --loglevel=error >&2
	# Debian's npm 9 loses this link when it leaves the other architecture's package out, which has a command of the same name
	for arch in x64 arm64; do
		[ -x "$node" ] || [ ! -x "node_modules/node-linux-$arch/bin/node" ] || ln -sf "../node-linux-$arch/bin/node" "$node"
	done
}
if ! cmp -s package-lock.json "$stamp" 2>/dev/null; then
	say "Installing npm packages by package-lock.json …"
	npms_node=$(node -p 'process.versions.node.split(".")[0]')
	packages_by_lockfile npm
	# An older Node silently leaves out what asks for a newer one. So the first round only fetches the pinned Node, which then
	# runs the same npm (Debian's has its own libraries in /usr/share/nodejs).
	if [ -x "$node" ] && [ "$npms_node" -lt 22 ]; then
		pinned=$(mktemp)
		cp "$(readlink -f "$node")" "$pinned"
		chmod u+x "$pinned"
		NODE_PATH=/usr/share/nodejs NODE_NO_WARNINGS=1 packages_by_lockfile "$pinned" "$(readlink -f "$(command -v npm)")"
		rm -f "$pinned"
	fi
	cp package-lock.json "$stamp"
fi
[ -x "$node" ] || { say "setup.no_node: this machine is neither x86-64 nor arm64 Linux; Node 26 comes from the lockfile for these two."; exit 1; }

# -- native binding: make builds only what changed
make --silent -j"$(nproc)" -C device/media/native >&2

# -- pages: built only when a source changed
"$node" tools/build-ui.ts >&2

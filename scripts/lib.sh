# Shared by the scripts here; sourced, not run.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
export NEXT_TELEMETRY_DISABLED=1 DEBIAN_FRONTEND=noninteractive
STAMPS=$ROOT/dist/.stamps

say() { printf '%s\n' "$*" >&2; }
die() {
	say "$*"
	exit 1
}

# A bpftool that works. Ubuntu's /usr/sbin/bpftool is a script that wants the running kernel's own; any other
# version's does as well for what we ask of it.
find_bpftool() {
	local candidate
	for candidate in $(PATH=$PATH:/usr/sbin:/sbin type -ap bpftool) /usr/lib/linux-tools*/bpftool /usr/lib/linux-tools/*/bpftool; do
		if "$candidate" version > /dev/null 2>&1; then
			printf '%s\n' "$candidate"
			return 0
		fi
	done
	return 1
}

# What root makes in somebody else's checkout (sudo npm start) is theirs, or they could not build again.
give_back() { # files and folders
	local owner path
	owner=$(stat -c %u:%g "$ROOT")
	[ "$(id -u)" = 0 ] && [ "${owner%%:*}" != 0 ] || return 0
	for path in "$@"; do
		[ ! -e "$path" ] || chown -R --no-dereference "$owner" "$path"
	done
}

# A stamp holds a hash of what a step was made of: the step is done again when that changed.
hash_of() { # files and folders
	local path
	for path in "$@"; do
		[ -e "$path" ] || continue
		find "$path" -type f ! -path '*/build/*' ! -path '*/node_modules/*' -print0
	done | sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}
is_fresh() { # name, hash
	[ -f "$STAMPS/$1" ] && [ "$(cat "$STAMPS/$1")" = "$2" ]
}
mark_fresh() {
	mkdir -p "$STAMPS"
	printf '%s\n' "$2" > "$STAMPS/$1"
}

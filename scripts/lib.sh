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

# What ./dev sets up, in three steps of which each needs those before it: what compiles and runs the
# server, what runs the Python and Node libraries, what tests all of it. Sourced by ./dev.

# ------------------------------------------------------------------------------------- packages

build_packages=(
  bazel-bootstrap default-jdk-headless g++ pkg-config python3
  libgrpc++-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev libabsl-dev
  libpqxx-dev libpq-dev postgresql
  libspdlog-dev libfmt-dev prometheus-cpp-dev libcpp-httplib-dev nlohmann-json3-dev libcli11-dev
  libyaml-cpp-dev libtomlplusplus-dev
  libssl-dev libmimalloc-dev libgtest-dev libgmock-dev
  tzdata # crons go by the time zones of /usr/share/zoneinfo
)
library_packages=(python3-grpcio python3-protobuf nodejs npm)
test_packages=(python3-pytest python3-venv golang-go)
# The versions differ in what they find and how they format: one is chosen.
lint_packages=(clang-14 clang-format-14 clang-tidy-14)
buf_version=1.50.1
tools_home() { echo "$HOME/.cache/leasehold-tools"; }
buf_home() { echo "$(tools_home)/buf-$buf_version"; }

# Node's major version; 0 if it is not there.
node_version() { node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0; }
oldest_node=18

# Whether what PACKAGE is wanted for is there already, perhaps from somewhere else.
have() {
  case $1 in
    bazel-bootstrap) type -P bazel >/dev/null ;;
    default-jdk-headless) type -P javac >/dev/null ;;
    g++ | pkg-config | clang-14 | clang-format-14 | clang-tidy-14)
      type -P "${1/#clang-14/clang++-14}" >/dev/null ;;
    python3) [[ -x /usr/bin/python3 ]] ;;
    nodejs) (($(node_version) >= oldest_node)) ;;
    npm) type -P npm >/dev/null ;;
    golang-go) type -P go >/dev/null ;;
    postgresql) compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null ;;
    *) return 1 ;;
  esac
}

missing_packages() {
  local installed package
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
  for package in "$@"; do
    grep -qxF "installed $package" <<<"$installed" || have "$package" || printf '%s\n' "$package"
  done
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif [[ -t 0 ]]; then
    sudo "$@"
  else
    sudo -n "$@" # nobody is there to type a password
  fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" </dev/null
}

# Runs a command of apt's and shows the size it announces and every fiftieth step; all if it fails.
quietly() {
  local log
  log=$(mktemp)
  if ! "$@" 2>&1 | tee "$log" | awk '
      /^(Need to get|After this operation)/ { print "     " $0; fflush() }
      /^(Unpacking|Setting up)/ && ++steps % 50 == 0 { print "     " $0; fflush() }' >&2; then
    cat "$log" >&2
    rm -f "$log"
    fail "'apt-get ${*:2}' failed: see above"
  fi
  rm -f "$log"
}

# Debian's postgresql creates and starts a cluster on port 5432 when it is first installed. Ours is
# embedded, so the package is told not to; afterwards its configuration is as it was.
install_postgresql() {
  local conf=/etc/postgresql-common/createcluster.conf
  local line='create_main_cluster = false # while ./dev setup runs'
  quietly apt_get install --no-install-recommends postgresql-common
  if [[ -f $conf ]] && ! grep -qE '^\s*create_main_cluster' "$conf"; then
    as_root sh -c "printf '%s\n' '$line' >>$conf"
    trap 'as_root sed -i "/^create_main_cluster = false # while/d" '"$conf" EXIT
  fi
  quietly apt_get install --no-install-recommends postgresql
  as_root sed -i "/^${line//\//\\/}\$/d" "$conf"
  trap - EXIT
}

install_packages() {
  local purpose=$1 duration=$2 packages
  shift 2
  mapfile -t packages < <(missing_packages "$@")
  ((${#packages[@]})) || return 0
  if ! command -v apt-get >/dev/null; then
    fail "$purpose need what Debian 12 packages as: ${packages[*]}"
  fi
  say "$purpose need these Debian packages, which are not installed yet:"
  fold -s -w 90 <<<"${packages[*]}" | sed 's/^/       /' >&2
  if ((EUID != 0)) && ! command -v sudo >/dev/null; then
    fail "run 'apt-get install ${packages[*]}' as root, then this again (there is no sudo here)"
  fi
  say "installing them with apt-get; this takes $duration"
  quietly apt_get update
  if [[ " ${packages[*]} " == *" postgresql "* ]]; then install_postgresql; fi
  quietly apt_get install --no-install-recommends "${packages[@]}"
  mapfile -t packages < <(missing_packages "$@")
  ((${#packages[@]} == 0)) || fail "still missing after apt-get install: ${packages[*]}"
}

# --------------------------------------------------------------- what PyPI and npm have to bring

# Runs a command for at most `patience` seconds, without a terminal. What it says is shown if it
# fails.
patience=300
hushed() {
  local log status=0
  log=$(mktemp)
  timeout --foreground -k 5 "$patience" "$@" >"$log" 2>&1 </dev/null || status=$?
  ((status == 0)) || tail -n 40 "$log" >&2
  ((status != 124)) || say "it took more than $patience seconds"
  rm -f "$log"
  return "$status"
}

# Runs a command while no other ./dev of this user changes NAME.
exclusively() {
  local lock
  mkdir -p "$(tools_home)"
  exec {lock}>"$(tools_home)/$1.lock"
  flock -w 600 "$lock" || fail "another ./dev has been installing $1 for ten minutes"
  "${@:2}"
  exec {lock}>&-
}

# A digest of files; of an absent one too.
digest() { cat "$@" 2>/dev/null | sha256sum | cut -d' ' -f1; }

# Whether DIRECTORY was made from what DIGEST stands for.
made_from() { [[ -f $1/.made-from && $(<"$1/.made-from") == "$2" ]]; }

python_digest() { { readlink -f /usr/bin/python3 && cat "$1"; } | sha256sum | cut -d' ' -f1; }

pip_install() {
  hushed "$1/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
    --only-binary :all: --retries 3 --timeout 30 "${@:2}"
}

main_pins() { grep -E '^(grpcio|protobuf|pytest)=' "$1" | paste -sd ' '; }

make_python() {
  local name=$1 requirements=$2 made
  made=$(tools_home)/python-$name
  ! made_from "$made" "$(python_digest "$requirements")" || return 0
  say "installing $(main_pins "$requirements") from PyPI; this takes about 10 seconds"
  rm -rf "$made.new"
  hushed /usr/bin/python3 -m venv "$made.new" || fail "python3 -m venv $made.new failed: see above"
  pip_install "$made.new" -r "$requirements" ||
    fail "pip could not install $requirements: see above. It needs PyPI or a mirror of it" \
      "(PIP_INDEX_URL); ./dev setup tries again"
  python_digest "$requirements" >"$made.new/.made-from"
  rm -rf "$made"
  mv "$made.new" "$made" # only bin/python is used, which finds its packages where it stands
}

# A Python environment for each requirements-NAME.txt of tests/python, in python-NAME of tools_home.
install_pythons() {
  local requirements name
  for requirements in tests/python/requirements-*.txt; do
    name=${requirements##*/requirements-}
    name=${name%.txt}
    made_from "$(tools_home)/python-$name" "$(python_digest "$requirements")" ||
      exclusively "python-$name" make_python "$name" "$requirements"
  done
}

# Writes what PyPI has now into requirements-newest.txt.
renew_newest_python() {
  local requirements=tests/python/requirements-newest.txt scratch frozen
  scratch=$(mktemp -d)
  # shellcheck disable=SC2064 # its value now
  trap "rm -rf '$scratch'" EXIT
  hushed /usr/bin/python3 -m venv "$scratch"
  pip_install "$scratch" grpcio protobuf pytest || fail "pip failed: see above"
  frozen=$("$scratch/bin/python" -m pip freeze)
  { grep '^#' "$requirements" && printf '%s\n' "$frozen"; } >"$scratch/renewed"
  cp "$scratch/renewed" "$requirements"
  say "$requirements: $(main_pins "$requirements")"
}

node_digest() { digest client/node/package.json client/node/package-lock.json; }

make_node_modules() {
  local modules=client/node/node_modules
  ! made_from "$modules" "$(node_digest)" || return 0
  (($(node_version) >= oldest_node)) ||
    fail "node is $(node --version 2>/dev/null || echo missing): Node $oldest_node or newer is" \
      "needed, first in PATH"
  say "installing the Node library's packages with npm; this takes about 10 seconds"
  # Nothing of it needs its install scripts.
  (cd client/node && hushed npm ci --loglevel=error --no-audit --no-fund --ignore-scripts) ||
    fail "'npm ci' failed in client/node: see above. It needs npm's registry or a mirror of it" \
      "(npm config set registry URL); ./dev setup tries again"
  mkdir -p "$modules"
  node_digest >"$modules/.made-from"
}

install_node_modules() {
  [[ -f client/node/package-lock.json ]] || return 0
  made_from client/node/node_modules "$(node_digest)" || exclusively node make_node_modules
}

# The newest of each that Debian's Go 1.19 takes.
go_generators=(
  google.golang.org/protobuf/cmd/protoc-gen-go@v1.31.0
  google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.3.0
)
go_example=docs/examples/go
go_digest() {
  { go version && echo "${go_generators[@]}" && cat $go_example/go.mod $go_example/go.sum; } |
    sha256sum | cut -d' ' -f1
}

fetch_go_modules() {
  local generator
  for generator in "${go_generators[@]}"; do
    hushed go install "$generator" || return
  done
  (cd $go_example && hushed go mod download)
}

# A directory of modules and programs of its own: nothing of the user's is read or changed. Only an
# example's test needs it: where no module proxy can be reached, that is left out.
make_go_modules() {
  local made patience=120
  made=$(tools_home)/go
  local -x GOPATH=$made GOCACHE=$made/build GOBIN=$made/bin GOFLAGS=-mod=mod
  ! made_from "$made" "$(go_digest)" || return 0
  say "fetching the modules of $go_example; this takes about 20 seconds"
  if fetch_go_modules; then
    go_digest >"$made/.made-from"
    rm -f "$made.unavailable"
  else
    touch "$made.unavailable"
    say "no Go modules: see above. Go needs a module proxy (go env GOPROXY). The Go example is" \
      "not tested; ./dev setup tries again in an hour"
  fi
}

install_go_modules() {
  [[ -z $(find "$(tools_home)/go.unavailable" -mmin -60 2>/dev/null) ]] || return 0
  made_from "$(tools_home)/go" "$(go_digest)" || exclusively go make_go_modules
}

install_buf() {
  [[ -x $(buf_home)/node_modules/.bin/buf ]] && return
  if ! command -v npm >/dev/null; then
    say "npm is not installed: buf, which checks the .proto files, is skipped"
    return
  fi
  say "installing buf $buf_version with npm; this takes about 20 seconds"
  if ! npm install --silent --no-save --prefix "$(buf_home)" "@bufbuild/buf@$buf_version" \
    >/dev/null </dev/null; then
    say "npm could not install buf: the .proto files are not checked"
  fi
}

# ----------------------------------------------------------------------------------- all together

# set_up build|libraries|tests: each with what those before it need.
set_up() {
  local packages=("${build_packages[@]}") wait="up to 6 minutes and 400 MB of downloads"
  case $1 in
    build) install_packages "building and serving" "$wait" "${packages[@]}" ;;
    libraries)
      packages+=("${library_packages[@]}")
      install_packages "the server and the libraries" "$wait" "${packages[@]}"
      install_node_modules
      ;;
    tests)
      packages+=("${library_packages[@]}" "${test_packages[@]}")
      wait="up to 7 minutes and 500 MB of downloads"
      install_packages "build, demo and tests" "$wait" "${packages[@]}"
      install_node_modules
      install_pythons
      install_go_modules
      ;;
  esac
}

# Tells the tests, whose environment is Bazel's, what is elsewhere than they look.
tools_for_tests() {
  local home node
  home=$(getent passwd "$(id -u)" | cut -d: -f6 || true)
  [[ $HOME == "$home" ]] || echo "--test_env=LEASEHOLD_TOOLS=$(tools_home)"
  node=$(type -P node || true)
  case $node in
    "" | /usr/bin/* | /bin/* | /usr/local/bin/*) ;;
    *) echo "--test_env=LEASEHOLD_NODE=$node" ;;
  esac
}

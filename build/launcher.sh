# What ./sala and ./sala-jmh have in common; to be sourced after `name` of the command and `root` of the project are set.
#   SALA_JAVA_HOME   the JDK to use, before JAVA_HOME, the java on PATH and the usual folders
#   TORNADOVM_HOME   an installed SDK of TornadoVM: its devices take the place of the interpreter
# shellcheck shell=bash

required=25
tornadovm=5.2.0-jdk25

die() { echo "$name: $*" >&2; exit 1; }

# Major version of a JDK folder, from its release file: starting a JVM to ask would cost more than the answer.
jdk_version() {
  [ -x "$1/bin/java" ] && [ -f "$1/release" ] || return 1
  sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

# TornadoVM for JDK 25 runs on JDK 25 alone.
is_new_enough() {
  local version
  version=$(jdk_version "$1") && [ -n "$version" ] || return 1
  if [ -n "${TORNADOVM_HOME:-}" ]; then [ "$version" -eq $required ]; else [ "$version" -ge $required ]; fi
}

find_jdk() {
  if [ -n "${SALA_JAVA_HOME:-}" ]; then
    is_new_enough "$SALA_JAVA_HOME" || die "SALA_JAVA_HOME=$SALA_JAVA_HOME is no JDK $wanted; set it to one, or unset it"
    echo "$SALA_JAVA_HOME"
    return
  fi
  local candidate java
  java=$(command -v java || true)
  for candidate in "${JAVA_HOME:-}" ${java:+"$(dirname "$(dirname "$(readlink -f "$java")")")"} \
    /usr/lib/jvm/* /usr/java/* /opt/java/* /opt/jdk* "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home; do
    if [ -n "$candidate" ] && is_new_enough "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  die "no JDK $wanted found in JAVA_HOME, on PATH or in the usual folders; install one or set SALA_JAVA_HOME"
}

# Stops where TORNADOVM_HOME is set to something else than the SDK that the kernels were written for.
require_tornadovm() {
  local help="set it to the folder of an SDK of TornadoVM $tornadovm, or unset it to run without a GPU" api
  [ -d "$TORNADOVM_HOME" ] || die "TORNADOVM_HOME=$TORNADOVM_HOME is no folder; $help"
  for api in "$TORNADOVM_HOME"/share/java/tornado/tornado-api-*.jar; do
    [ -f "$api" ] || die "TORNADOVM_HOME=$TORNADOVM_HOME has no share/java/tornado/tornado-api-$tornadovm.jar; $help"
    api=${api##*/tornado-api-}
    [ "${api%.jar}" = "$tornadovm" ] || die "TORNADOVM_HOME=$TORNADOVM_HOME holds TornadoVM ${api%.jar}; $help"
  done
  [ -f "$TORNADOVM_HOME/tornado-argfile" ] || die "TORNADOVM_HOME=$TORNADOVM_HOME has no tornado-argfile; $help"
}

# The jars of a folder as a class path. On TornadoVM itself its API comes from the SDK; the class files are the same.
class_path_of() {
  local jar path=""
  for jar in "$1"/*.jar; do
    case $jar in
      */sala-tornado-interpreter-*) [ -n "${TORNADOVM_HOME:-}" ] && continue ;;
    esac
    path=$path${path:+:}$jar
  done
  echo "$path"
}

# Whether $1, which a build leaves behind, is missing or older than the sources under the given paths.
is_older_than() {
  local built=$1
  shift
  [ ! -f "$built" ] || [ -n "$(find "$@" -newer "$built" -print -quit)" ]
}

# Packages modules (a list with commas) and what they need; $2 is what the build leaves behind.
build_module() {
  local module=${1%%,*} built=$2 log=$root/${1%%,*}/target/build.log
  command -v mvn > /dev/null || die "the first use builds the project and needs Maven (mvn) on PATH; install it"
  mkdir -p "$root/$module/target"
  echo "$name: building (only on first use or after a change of the sources) ..." >&2
  if ! (cd "$root" && JAVA_HOME=$jdk mvn -B -q -pl "$1" -am -DskipTests -Dspotless.check.skip=true -Djacoco.skip=true package) > "$log" 2>&1; then
    grep -m 20 'ERROR' "$log" >&2 || tail -n 20 "$log" >&2
    die "the build failed; the whole log is in $log"
  fi
  touch "$built"
}

# Runs the given command while no other process builds the module $1.
with_build_lock() {
  local module=$1
  shift
  mkdir -p "$root/$module/target"
  if command -v flock > /dev/null; then
    exec 8> "$root/$module/target/build.lock"
    flock 8
  fi
  "$@"
  exec 8>&- || true
}

wanted="$required or newer"
if [ -n "${TORNADOVM_HOME:-}" ]; then
  require_tornadovm
  wanted="$required, which TornadoVM needs"
  # The argfile puts the working folder on the module path; the last --module-path counts.
  tornado_options=("@$TORNADOVM_HOME/tornado-argfile" --module-path "$TORNADOVM_HOME/share/java/tornado")
else
  tornado_options=()
fi
jdk=$(find_jdk)

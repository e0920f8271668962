#!/bin/sh
# relative.sh ROOT COMMAND...: the compiler, with paths inside ROOT made relative to the build folder.
#
# g++ tells functions of anonymous namespaces, and coroutines, apart by the path of their source as it is
# given. Absolute ones would fit the counts of one checkout only (decision 0015).
set -eu
root=$1
shift
up=$(realpath --relative-to=. "$root")
for argument; do
  shift
  case $argument in
    "$root"/*) argument=$up/${argument#"$root"/} ;;
    -I"$root"/*) argument=-I$up/${argument#-I"$root"/} ;;
  esac
  set -- "$@" "$argument"
done
exec "$@"

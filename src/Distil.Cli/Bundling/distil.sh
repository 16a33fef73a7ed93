#!/bin/sh
# Runs Distil on the .NET runtime and the Node.js beside it. Its files are in .distil of the current folder, unless DISTIL_HOME names another.
# A closed stream is not left to be taken by a file that the program opens.
(: 3>&1) 2>/dev/null || exec >/dev/null
(: 3>&2) || exec 2>/dev/null
here=$(dirname -- "$(readlink -f -- "$0")")
if [ -x "$here/node/node" ]; then
  PATH=$here/node:$PATH
fi
export PATH DOTNET_ROOT="$here/dotnet" DOTNET_NOLOGO=1
exec "$here/dotnet/dotnet" "$here/app/Distil.Cli.dll" "$@"

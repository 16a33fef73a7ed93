using System.Globalization;
using Distil.Core;
using Distil.Hosting.Processes;

namespace Distil.EndToEnd.Tests;

/// <summary>A trainer that stops at points that a test has chosen, so that the test can act in a state that cannot pass meanwhile.</summary>
/// <remarks>
/// It is the real trainer between two pipes: the host's request reaches it, and its answer reaches the host, only when nothing holds the point. A process that
/// is killed meanwhile loses what the pipes contain, as a killed process does.
/// </remarks>
internal sealed class HeldTrainer
{
    private readonly string _holds;
    private readonly string _reached;

    /// <param name="distil">The command that gets this trainer.</param>
    public HeldTrainer(DistilCommand distil)
    {
        _holds = Directory.CreateDirectory(Path.Combine(distil.Workspace.Home, "holds")).FullName;
        _reached = Directory.CreateDirectory(Path.Combine(distil.Workspace.Home, "reached")).FullName;
        var script = Path.Combine(distil.Workspace.Home, "held-trainer.sh");
        File.WriteAllText(script, $$"""
            #!/bin/bash
            # usage: held-trainer.sh give|answer HOST TRAINER: one of the two pipes; else the trainer. Each pipe is a process of its own: a bash that only
            # forked would keep the host's other pipes open.
            host=$2 trainer=$3
            # Waits while a hold's pattern fits the point; false if a process that it waits for is gone.
            pass() {
              local hold held=1
              while [ -n "$held" ]; do
                held=
                for hold in '{{_holds}}'/*; do
                  [ -e "$hold" ] && [[ $1 == $(<"$hold") ]] && held=$hold
                done
                if [ -n "$held" ]; then
                  : >"{{_reached}}/${held##*/}.$trainer"
                  sleep 0.05
                fi
                [ -d "/proc/$host" ] && [ -d "/proc/$trainer" ] || return 1
              done
            }
            case $1 in
              give)
                while read -r request; do
                  pass "given ${request%%\?*}" || exit
                  echo "$request"
                done
                ;;
              answer)
                while read -r line; do
                  [[ $line != 'done '* ]] || pass "${line%%\?*}" || exit
                  echo "$line"
                done
                ;;
              *)
                exec dotnet '{{new TrainerProgram(named: null).Locate()}}' "$@" \
                  < <(exec "$0" give $PPID $$ 2>/dev/null) > >(exec "$0" answer $PPID $$ 2>/dev/null)
                ;;
            esac
            """);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        distil.Environment["DISTIL_TRAINER"] = script;
    }

    /// <summary>Holds the trainers at a point from now on.</summary>
    /// <param name="point">Name of the point.</param>
    /// <param name="pattern">What fits it: <c>given</c> or <c>done</c> and the URI of the job's request; <c>*</c> stands for any characters.</param>
    public async Task HoldAsync(string point, string pattern)
    {
        // Whole at once: an empty pattern would fit nothing.
        var file = _holds + ".new";
        await File.WriteAllTextAsync(file, pattern, TestContext.Current.CancellationToken);
        File.Move(file, Path.Combine(_holds, point));
    }

    /// <summary>The trainers that have come to a point and are alive.</summary>
    public IReadOnlyList<int> At(string point) =>
    [
        .. Directory.GetFiles(_reached, $"{point}.*")
            .Select(file => int.Parse(Path.GetExtension(file)[1..], CultureInfo.InvariantCulture))
            .Where(ProcessTable.IsAlive),
    ];

    /// <summary>Ends the hold at a point.</summary>
    public void Release(string point) => File.Delete(Path.Combine(_holds, point));
}

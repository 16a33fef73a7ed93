using System.Diagnostics;
using Distil.Core;
using Distil.Core.Errors;
using Distil.Core.Settings;

namespace Distil.Hosting.Processes;

/// <summary>The trainer, which hosts start as a separate process.</summary>
/// <param name="named">The assembly or program that <c>DISTIL_TRAINER</c> names; null for the one that was built with this program.</param>
public sealed class TrainerProgram(string? named)
{
    // A file beside a program that was built from source; build/Trainer.targets writes it.
    private const string BuiltAt = "trainer.path";

    // Variables of OpenMP's runtime (GCC's manual of libgomp).
    private const string WaitPolicy = "OMP_WAIT_POLICY", SpinCount = "GOMP_SPINCOUNT";

    // Processes that want to run, by processor: from here on, most of the time others wait.
    private const double BusyLoad = 2;

    /// <summary>Finds the trainer.</summary>
    /// <exception cref="InvalidInputException">It does not exist.</exception>
    public string Locate()
    {
        if (named is not null)
        {
            return File.Exists(named) ? Path.GetFullPath(named) : throw new InvalidInputException($"DISTIL_TRAINER names {named}, which does not exist");
        }

        var beside = Path.Combine(AppContext.BaseDirectory, "Distil.Trainer.dll");
        if (File.Exists(beside))
        {
            return beside;
        }

        var pointer = Path.Combine(AppContext.BaseDirectory, BuiltAt);
        var built = File.Exists(pointer) ? File.ReadAllText(pointer).Trim() : beside;
        return File.Exists(built)
            ? built
            : throw new InvalidInputException($"{built} does not exist; build the solution, or name the trainer by DISTIL_TRAINER");
    }

    /// <summary>Start information of the trainer.</summary>
    /// <param name="arguments">The trainer's arguments.</param>
    public ProcessStartInfo Command(IEnumerable<string> arguments)
    {
        var trainer = Locate();
        var assembly = Path.GetExtension(trainer) == ".dll";
        return new ProcessStartInfo(assembly ? DotnetProgram.Path : trainer, assembly ? arguments.Prepend(trainer) : arguments) { UseShellExecute = false };
    }

    /// <summary>Start information of a trainer that runs jobs.</summary>
    /// <param name="connectionString">Connection string of the jobs' storage.</param>
    /// <param name="cache">Folder for copies, unless the environment names one.</param>
    internal ProcessStartInfo Worker(string connectionString, string cache)
    {
        var command = Command(["work"]);
        command.Environment[SourceSettings.ConnectionVariable] = connectionString;
        command.Environment.TryAdd(SourceSettings.CacheVariable, cache);
        LimitSpinning(command.Environment, Machine.Load, Environment.ProcessorCount);
        return command;
    }

    /// <summary>Limits how long torch's threads wait for each other at work before they let others have the processor, unless the environment says it
    /// already.</summary>
    /// <remarks>By itself libgomp spins 300,000 times, for milliseconds: beside other work a training step cost seven times its processor time. On an idle machine
    /// the limit costs nothing (bench/README.md, "Training beside other work").</remarks>
    /// <param name="environment">The worker's environment.</param>
    /// <param name="load">The machine's load, in processes; null if unknown.</param>
    /// <param name="cores">Number of processors.</param>
    internal static void LimitSpinning(IDictionary<string, string?> environment, double? load, int cores)
    {
        if (!environment.ContainsKey(WaitPolicy))
        {
            environment.TryAdd(SpinCount, load > BusyLoad * cores ? "1000" : "10000");
        }
    }
}

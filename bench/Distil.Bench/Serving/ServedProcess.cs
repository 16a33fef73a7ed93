using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;
using System.Text.RegularExpressions;

namespace Distil.Bench.Serving;

/// <summary><c>distil serve</c> as its user starts it, with its own home and a substitute for the trainer.</summary>
internal sealed partial class ServedProcess : IDisposable
{
    private readonly string _home;
    private readonly string _pipe;
    private readonly Process _process;

    private ServedProcess(string home, string pipe, Process process, Uri url) => (_home, _pipe, _process, Url) = (home, pipe, process, url);

    public Uri Url { get; }

    /// <value>The repository in which this program was built.</value>
    public static string Repository { get; } = FindRepository();

    /// <value>Resident memory in MiB.</value>
    public double ResidentMegabytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64 / 1048576.0;
        }
    }

    /// <summary>Size of the managed heap after a full collection, which the request triggers; MiB.</summary>
    public async Task<double> LiveMegabytesAsync()
    {
        await using var asked = new NamedPipeClientStream(".", _pipe, PipeDirection.In);
        await asked.ConnectAsync();
        using var reader = new StreamReader(asked);
        return double.Parse(await reader.ReadToEndAsync(), CultureInfo.InvariantCulture) / 1048576;
    }

    /// <param name="trainer">Shell that reads requests from its input and answers <c>done REQUEST</c> to each; null for <see cref="StandInTrainer"/>.</param>
    /// <param name="jobs">Maximum number of jobs at once.</param>
    public static async Task<ServedProcess> StartAsync(string? trainer = null, int jobs = 2)
    {
        var home = Directory.CreateTempSubdirectory("distil-bench-").FullName;
        var program = trainer is null
            ? typeof(StandInTrainer).Assembly.Location
            : await WriteAsync(Path.Combine(home, "trainer.sh"), $"#!/bin/sh\n{trainer}\n");
        var command = Path.Combine(Repository, "src", "Distil.Cli", "bin", "Release", "net10.0", "Distil.Cli.dll");
        var pipe = Path.GetFileName(home);
        var process = Process.Start(new ProcessStartInfo("dotnet", [command, "serve", "--port", "0", "--no-token", "--jobs", $"{jobs}"])
        {
            RedirectStandardOutput = true,
            Environment =
            {
                ["DISTIL_HOME"] = home,
                ["DISTIL_TRAINER"] = program,
                ["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location,
                [StartupHook.PipeVariable] = pipe,
            },
        })!;
        var said = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("distil serve ended; is it built?");
        return new ServedProcess(home, pipe, process, new Uri(Address().Match(said).Value));
    }

    /// <summary>Asks it to end and waits until it has ended.</summary>
    public void Dispose()
    {
        using (var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            kill.WaitForExit();
        }

        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_home, recursive: true);
    }

    private static async Task<string> WriteAsync(string path, string script)
    {
        if (OperatingSystem.IsWindows())
        {
            throw new PlatformNotSupportedException("this stand-in for the trainer is a shell script");
        }

        await File.WriteAllTextAsync(path, script);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private static string FindRepository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Distil.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }

    [GeneratedRegex(@"http://[0-9.:]+")]
    private static partial Regex Address();
}

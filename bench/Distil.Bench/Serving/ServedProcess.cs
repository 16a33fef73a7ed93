using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Distil.Bench.Serving;

/// <summary><c>distil serve</c> as its user starts it, with a home of its own and a trainer that ends every job at once without doing it.</summary>
internal sealed partial class ServedProcess : IDisposable
{
    private readonly string home;
    private readonly Process process;

    private ServedProcess(string home, Process process, Uri url) => (this.home, this.process, Url) = (home, process, url);

    public Uri Url { get; }

    /// <value>Resident memory, MiB.</value>
    public double Megabytes
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64 / 1048576.0;
        }
    }

    public static async Task<ServedProcess> StartAsync(string repository)
    {
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException("the bench's trainer is a shell script");

        var home = Directory.CreateTempSubdirectory("distil-bench-").FullName;
        var trainer = Path.Combine(home, "trainer.sh");
        await File.WriteAllTextAsync(trainer, "#!/bin/sh\nwhile read -r request; do echo \"done $request\"; done\n");
        File.SetUnixFileMode(trainer, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var command = Path.Combine(repository, "src", "Distil.Cli", "bin", "Release", "net10.0", "Distil.Cli.dll");
        var process = Process.Start(new ProcessStartInfo("dotnet", [command, "serve", "--port", "0"])
        {
            RedirectStandardOutput = true,
            Environment = { ["DISTIL_HOME"] = home, ["DISTIL_TRAINER"] = trainer },
        })!;
        var said = await process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("distil serve ended; is it built?");
        return new ServedProcess(home, process, new Uri(Address().Match(said).Value));
    }

    /// <summary>Ends it as a terminal would, and waits.</summary>
    public void Dispose()
    {
        using (var kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            kill.WaitForExit();

        process.WaitForExit();
        process.Dispose();
        Directory.Delete(home, recursive: true);
    }

    [GeneratedRegex(@"http://[0-9.:]+")]
    private static partial Regex Address();
}

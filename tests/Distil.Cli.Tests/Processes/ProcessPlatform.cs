using System.Diagnostics;
using Distil.Contracts.Jobs;
using Distil.Core.Jobs;
using Distil.Hosting.Processes;

namespace Distil.Cli.Tests.Processes;

/// <summary>Child processes that follow the trainer's protocol and work on a request until a file says how to end.</summary>
internal sealed class ProcessPlatform : IJobPlatform
{
    private const string Trainer = """
        while read -r request; do
          job=$(echo "$request" | tr '/:' '__')
          trap 'rm "$FOLDER/$job.$$"; exit 0' TERM
          touch "$FOLDER/$job.$$"
          echo "$$ $request" >> "$FOLDER/begun" # last: a test goes on as soon as it is there
          while [ ! -e "$FOLDER/$job.end" ]; do sleep 0.02; done
          code=$(cat "$FOLDER/$job.end")
          rm "$FOLDER/$job.end" "$FOLDER/$job.$$"
          [ "$code" = 0 ] || exit "$code"
          echo "done $request"
        done
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-jobs-");
    private ProcessJobRunner _runner;

    public ProcessPlatform() => _runner = Create();

    public IJobRunner Runner => _runner;

    private string BegunFile => Path.Combine(_folder.FullName, "begun");

    public IReadOnlyList<Uri> Begun() =>
        File.Exists(BegunFile) ? [.. File.ReadAllText(BegunFile).Split('\n')[..^1].Select(line => new Uri(line.Split(' ')[1]))] : [];

    public bool IsAtWork(Uri request) => _folder.EnumerateFiles($"{Name(request)}.*").Any(file => file.Extension != ".end");

    public void End(Uri request, bool success)
    {
        var whole = Path.Combine(_folder.FullName, $"{Name(request)}.part");
        File.WriteAllText(whole, success ? "0" : "3");
        File.Move(whole, Path.ChangeExtension(whole, ".end"));
    }

    // A host that is started again knows none of the jobs of the one before.
    public async Task ForgetAsync()
    {
        await _runner.DisposeAsync();
        _runner = Create();
    }

    public async ValueTask DisposeAsync()
    {
        await _runner.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private ProcessJobRunner Create() =>
        new(() => new ProcessStartInfo("sh", ["-c", Trainer]) { Environment = { ["FOLDER"] = _folder.FullName } }, parallelism: 3);

    private static string Name(Uri request) => request.AbsoluteUri.Replace('/', '_').Replace(':', '_');
}

/// <summary>The contract of job runners over child processes.</summary>
public sealed class ProcessJobsTests : JobRunnerContract
{
    internal override Task<IJobPlatform> StartPlatformAsync() => Task.FromResult<IJobPlatform>(new ProcessPlatform());
}

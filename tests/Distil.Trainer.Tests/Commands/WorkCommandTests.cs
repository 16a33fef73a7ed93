using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Distil.Trainer.Tests.Commands;

public sealed partial class WorkCommandTests
{
    private const int Term = 15;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // With the tests' own dependencies: their framework, ASP.NET Core, contains assemblies that the trainer alone has as packages.
    private static Process Start(params string[] arguments) => Process.Start(
        new ProcessStartInfo("dotnet", ["exec", "--depsfile", OfTests("deps"), "--runtimeconfig", OfTests("runtimeconfig"), InOutput("Distil.Trainer.dll"), "work", .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;

    [Fact]
    public async Task Ends_well_where_no_job_comes()
    {
        using var worker = Start();
        worker.StandardInput.Close();
        await worker.WaitForExitAsync(Cancel);
        Assert.Equal(0, worker.ExitCode);
    }

    [Fact]
    public async Task Refuses_what_is_no_uri_in_one_line()
    {
        using var worker = Start("not-a-uri");
        await worker.WaitForExitAsync(Cancel);
        Assert.Equal(2, worker.ExitCode);
        Assert.Equal("error: not-a-uri is not the URI of a job's request\n", await worker.StandardError.ReadToEndAsync(Cancel));
    }

    [Fact]
    public async Task Ends_by_itself_when_it_is_told_to()
    {
        using var worker = Start();
        // Before it listens, the signal would end it like any other program.
        await Task.Delay(TimeSpan.FromSeconds(3), Cancel);
        Assert.Equal(0, Kill(worker.Id, Term));
        await worker.WaitForExitAsync(Cancel);
        Assert.Equal(1, worker.ExitCode);
    }

    private static string OfTests(string what) => InOutput($"Distil.Trainer.Tests.{what}.json");

    private static string InOutput(string file) => Path.Combine(AppContext.BaseDirectory, file);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

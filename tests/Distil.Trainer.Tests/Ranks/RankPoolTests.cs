using System.Diagnostics;
using System.Globalization;
using Distil.Core.Errors;
using Distil.Core.Jobs;
using Distil.Trainer.Ranks;
using Distil.Trainer.Tests.Training;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Ranks;

/// <summary>What process 0 does if other processes do not do as they should.</summary>
public sealed class RankPoolTests
{
    [Fact]
    public void GPUs_that_are_not_there_are_an_error_with_both_numbers()
    {
        using var pool = new RankPool(() => throw new InvalidOperationException());
        pool.Require(1, CPU);
        var error = Assert.Throws<InvalidInputException>(() => pool.Require(2, CPU));
        Assert.Equal("compute.gpusPerWorker is 2; torch finds 0 CUDA GPUs on this machine; expected at most 1", error.Message);
    }

    [Fact]
    public async Task A_job_on_one_GPU_starts_no_process()
    {
        using var pool = new RankPool(() => throw new InvalidOperationException());
        Assert.Equal(5, await pool.RunAsync(1, CPU, () => throw new InvalidOperationException(), others => Task.FromResult(others is null ? 5 : 6), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("exit 3", FailureClass.Preempted, "exit code 3")]
    [InlineData("printf '\\005\\001\\000'; exit 0", FailureClass.Preempted, "exit code 0")] // in the middle of a message
    [InlineData("""printf '\006\050\000\000\000{"class":"OutOfMemory","message":"full"}'; exec sleep 600""", FailureClass.OutOfMemory, "full")]
    [InlineData("printf '\\006\\001\\000\\000\\000x'; exec sleep 600", FailureClass.Transient, "no message")]
    public async Task A_process_that_ends_ends_the_job_with_its_failure(string script, FailureClass failure, string message)
    {
        Assert.SkipUnless(File.Exists("/bin/sh"), "needs a shell");
        using var folder = new TemporaryFolder();
        using var pool = new RankPool(() => new ProcessStartInfo("/bin/sh", ["-c", $"echo $$ > '{folder["id"]}'; {script}"]), onCpu: true);
        var lost = await Assert.ThrowsAsync<RankLostException>(
            () => pool.RunAsync(2, CPU, () => [], others => Task.FromResult(1), TestContext.Current.CancellationToken));
        Assert.Equal(failure, lost.Failure.Class);
        Assert.Contains(message, lost.Message, StringComparison.Ordinal);
        Assert.Empty(pool.ProcessIds);
        var id = int.Parse(await File.ReadAllTextAsync(folder["id"], TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
        Assert.Throws<ArgumentException>(() => Process.GetProcessById(id)); // ended, even if it would have lived on
    }

    [Fact]
    public async Task A_start_that_takes_long_can_be_cancelled_and_leaves_no_process()
    {
        Assert.SkipUnless(File.Exists("/bin/sh"), "needs a shell");
        using var folder = new TemporaryFolder();
        using var stop = new CancellationTokenSource();
        using var pool = new RankPool(() => new ProcessStartInfo("/bin/sh", ["-c", $"echo $$ > '{folder["id"]}.part'; mv '{folder["id"]}.part' '{folder["id"]}'; exec sleep 600"]), onCpu: true);
        var run = Task.Run(() => pool.RunAsync(2, CPU, () => [], _ => Task.FromResult(1), stop.Token), TestContext.Current.CancellationToken);
        while (!File.Exists(folder["id"]))
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        var id = int.Parse(await File.ReadAllTextAsync(folder["id"], TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
        Assert.Throws<ArgumentException>(() => Process.GetProcessById(id));
    }

    [Theory]
    [InlineData("""sleep 1; printf '\006\050\000\000\000{"class":"OutOfMemory","message":"full"}'""", FailureClass.OutOfMemory)]
    [InlineData("sleep 1; exit 3", FailureClass.Preempted)]
    public async Task A_sum_that_fails_because_another_process_failed_is_that_ones_failure(string then, FailureClass failure)
    {
        Assert.SkipUnless(File.Exists("/bin/sh"), "needs a shell");
        using var pool = new RankPool(() => new ProcessStartInfo("/bin/sh", ["-c", $"printf '\\002\\000\\000\\000\\000'; {then}"]), onCpu: true);
        var lost = await Assert.ThrowsAsync<RankLostException>(
            () => pool.RunAsync<int>(2, CPU, () => [], _ => throw new NcclException("remote process exited"), TestContext.Current.CancellationToken));
        Assert.Equal(failure, lost.Failure.Class);
    }

    [Fact]
    public async Task Of_processes_one_whose_sum_fails_and_one_that_fails_the_cause_is_the_jobs_failure()
    {
        Assert.SkipUnless(File.Exists("/bin/sh"), "needs a shell");
        var scripts = new Queue<string>(
        [
            """printf '\007\047\000\000\000{"class":"Transient","message":"a sum."}'; exec sleep 600""",
            """sleep 1; printf '\006\050\000\000\000{"class":"OutOfMemory","message":"full"}'; exec sleep 600""",
        ]);
        using var pool = new RankPool(() => new ProcessStartInfo("/bin/sh", ["-c", scripts.Dequeue()]), onCpu: true);
        var lost = await Assert.ThrowsAsync<RankLostException>(() => pool.RunAsync(3, CPU, () => [], _ => Task.FromResult(1), TestContext.Current.CancellationToken));
        Assert.Equal((FailureClass.OutOfMemory, "full"), (lost.Failure.Class, lost.Failure.Message));
    }

    [Theory]
    [InlineData(null, 1, "1")]
    [InlineData("", 2, "2")]
    [InlineData("3,5", 1, "5")]
    [InlineData("GPU-a, GPU-b", 1, "GPU-b")]
    public void A_process_sees_one_of_the_GPUs_that_this_one_sees(string? visible, int gpu, string expected)
    {
        var environment = new Dictionary<string, string?>();
        if (visible is not null)
        {
            environment[VisibleGpu.Variable] = visible;
        }

        VisibleGpu.Only(environment, gpu);
        Assert.Equal(expected, environment[VisibleGpu.Variable]);
    }
}

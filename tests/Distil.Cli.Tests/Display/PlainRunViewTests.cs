using Distil.Core.Artifacts.Kinds;
using Distil.Cli.Display;
using Distil.Core.Jobs;
using Distil.Core.Runs;

namespace Distil.Cli.Tests.Display;

public sealed class PlainRunViewTests
{
    private static readonly DateTimeOffset Began = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    private readonly StringWriter _output = new();
    private readonly ManualTime _time = new();

    [Fact]
    public void Says_stage_rate_loss_and_time_left_in_a_line()
    {
        _time.Now = Began.AddSeconds(75);
        new PlainRunView(_output, _time).Show(Training(done: 300));

        Assert.Equal("00:01:15  train epoch 2  1/5  300/400 steps · 31,234 tokens/s · loss 2.500 · 0:35 left", _output.ToString().TrimEnd());
    }

    [Fact]
    public void Says_what_is_in_use_of_a_GPU()
    {
        var training = Training(done: 300);
        var job = training.Jobs["train-002"] with { Device = new DeviceUse { UsedBytes = 12_300_000_000, PeakBytes = 20_000_000_000, TotalBytes = 151_000_000_000, BusyShare = 0.61 } };
        new PlainRunView(_output, _time).Show(training with { Jobs = new Dictionary<string, JobProgress> { ["train-002"] = job } });
        Assert.Contains(" · GPU 61 %, 12.3 GB of 151.0 GB", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Says_what_is_rebuilt_and_why()
    {
        var training = Training(done: 300);
        var rebuilding = new Rebuilding("runs/run/checkpoints/epoch-002/", "evaluate-002: a blob is missing");
        new PlainRunView(_output, _time).Show(training with { Status = training.Status with { Rebuilding = [rebuilding] } });
        Assert.EndsWith("rebuilds runs/run/checkpoints/epoch-002/ (evaluate-002: a blob is missing)", _output.ToString().TrimEnd());
    }

    [Fact]
    public void Writes_a_line_when_the_stage_moves_on_and_else_every_ten_seconds()
    {
        var view = new PlainRunView(_output, _time);
        for (var second = 0; second < 25; second++)
        {
            _time.Now = Began.AddSeconds(second);
            view.Show(Training(done: second));
        }

        view.Show(Training(done: 1) with { Status = Training(1).Status with { Stage = JobKind.Evaluate } });

        Assert.Equal(4, _output.ToString().TrimEnd().Split('\n').Length);
    }

    [Fact]
    public void Counts_a_jobs_part_of_a_shard_or_epoch() => Assert.Equal(1.75, Training(done: 300).StageDone);

    private static StatusAndProgress Training(int done) => new(
        new RunStatus
        {
            RunId = "run",
            State = RunState.Running,
            Stage = JobKind.Train,
            Epoch = 1,
            StageDone = 1,
            StageTotal = 5,
            Jobs = ["train-002"],
            StartedAt = Began,
            UpdatedAt = Began,
        },
        new Dictionary<string, JobProgress>
        {
            ["train-002"] = new()
            {
                Stage = "train",
                Done = done,
                Total = 400,
                Unit = "steps",
                TokensPerSecond = 31_234,
                Loss = 2.5,
                ExpectedEnd = Began.AddSeconds(110),
                At = Began,
            },
        });

    private sealed class ManualTime : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = Began;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => Now.Ticks;
    }
}

using Distil.Cli.Commands;
using Distil.Core.Logging;

namespace Distil.Cli.Tests.Commands;

public sealed class InterruptionTests
{
    private readonly StringWriter _error = new();
    private readonly List<int> _ended = [];

    [Theory]
    [InlineData(1, 129)]
    [InlineData(2, 130)]
    [InlineData(15, 143)]
    public async Task The_first_signal_says_at_once_that_it_was_heard_and_asks_to_end(int signal, int exitCode)
    {
        using var interruption = new Interruption(_error, _ended.Add);
        var asked = new TaskCompletionSource();
        using var registration = interruption.Asked.Register(asked.SetResult);
        Assert.Null(interruption.ExitCode);

        interruption.Receive(signal);

        Assert.StartsWith("stopping:", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal(exitCode, interruption.ExitCode);
        Assert.Empty(_ended);
        await asked.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void The_second_signal_ends_the_process_although_the_first_is_still_being_handled()
    {
        using var interruption = new Interruption(_error, _ended.Add);
        using var handled = new ManualResetEventSlim();
        using var slow = interruption.Asked.Register(handled.Wait);

        interruption.Receive(2);
        interruption.Receive(2);

        Assert.Equal([130], _ended);
        handled.Set();
    }

    [Fact]
    public void A_terminal_that_is_gone_is_no_error()
    {
        using var interruption = new Interruption(new TolerantWriter(new Gone()), _ended.Add);
        interruption.Receive(1);
        Assert.Equal(129, interruption.ExitCode);
    }

    private sealed class Gone : StringWriter
    {
        public override void WriteLine(string? value) => throw new IOException("Input/output error");
    }
}

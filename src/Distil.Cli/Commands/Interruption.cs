using System.Runtime.InteropServices;

namespace Distil.Cli.Commands;

/// <summary>What signals that end a program do to the command: the first asks it to end, and says so at once; the second ends it.</summary>
internal sealed class Interruption : IDisposable
{
    private static readonly (PosixSignal Signal, int Number)[] Signals =
        [(PosixSignal.SIGHUP, 1), (PosixSignal.SIGINT, 2), (PosixSignal.SIGTERM, 15)];

    private readonly CancellationTokenSource _asked = new();
    private readonly TextWriter _error;
    private readonly Action<int> _end;
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _received;

    /// <param name="error">Receives a line for people.</param>
    /// <param name="end">Ends the process at once with an exit code.</param>
    internal Interruption(TextWriter error, Action<int> end) => (_error, _end) = (error, end);

    /// <value>Cancelled by the first signal.</value>
    internal CancellationToken Asked => _asked.Token;

    /// <value>The exit code after a signal, 128 and its number, as shells expect; null if there was none.</value>
    internal int? ExitCode { get; private set; }

    /// <summary>Receives this process's signals from now on.</summary>
    internal Interruption Listen()
    {
        foreach (var (signal, number) in Signals)
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                Receive(number);
            }));
        }

        return this;
    }

    /// <summary>Handles a signal.</summary>
    internal void Receive(int number)
    {
        if (Interlocked.Increment(ref _received) > 1)
        {
            _end(128 + number);
            return;
        }

        ExitCode = 128 + number;
        _error.WriteLine("stopping: jobs at work save a checkpoint first; once more ends at once");
        _ = Task.Run(_asked.Cancel); // its callbacks may take long, and the next signal must be heard
    }

    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        _asked.Dispose();
    }
}

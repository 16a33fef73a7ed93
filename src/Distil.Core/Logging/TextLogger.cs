using Microsoft.Extensions.Logging;

namespace Distil.Core.Logging;

/// <summary>Writes log messages as lines of text for people: the message alone, with "warning: " or "error: " before it by its level.</summary>
/// <param name="writer">Receives the lines; used by one thread at a time.</param>
public sealed class TextLogger(TextWriter writer) : ILogger
{
    private readonly Lock _lock = new();

    /// <inheritdoc />
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
        {
            return;
        }

        var prefix = logLevel switch
        {
            LogLevel.Warning => "warning: ",
            LogLevel.Error or LogLevel.Critical => "error: ",
            _ => "",
        };
        lock (_lock)
        {
            writer.WriteLine(prefix + formatter(state, exception));
        }
    }

    /// <inheritdoc />
    public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Information and < LogLevel.None;

    /// <inheritdoc />
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;
}

using Microsoft.Extensions.Logging;

namespace Distil.Cli.Engine.Journal;

/// <summary>What is logged of journals.</summary>
internal static partial class JournalLog
{
    /// <summary>A journal is damaged in the middle; it is cut there, and the steps after it run again.</summary>
    [LoggerMessage(Level = LogLevel.Information, Message = "{Journal}: {Damage}; the steps from there are done again")]
    public static partial void JournalIsDamaged(this ILogger log, string journal, string damage);
}

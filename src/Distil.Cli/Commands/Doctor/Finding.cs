namespace Distil.Cli.Commands.Doctor;

/// <summary>A result of <c>distil doctor</c>.</summary>
/// <param name="Subject">What was looked at.</param>
/// <param name="Grade">Whether it is as it should be.</param>
/// <param name="Text">What was found.</param>
/// <param name="Cure">What to do about it; null if nothing need be done.</param>
internal sealed record Finding(string Subject, FindingGrade Grade, string Text, string? Cure = null)
{
    /// <summary>Something that is as it should be.</summary>
    internal static Finding Good(string subject, string text) => new(subject, FindingGrade.Good, text);

    /// <summary>Something without which some runs cannot work.</summary>
    internal static Finding Warning(string subject, string text, string cure) => new(subject, FindingGrade.Warning, text, cure);

    /// <summary>Something without which nothing can run.</summary>
    internal static Finding Bad(string subject, string text, string cure) => new(subject, FindingGrade.Bad, text, cure);
}

/// <summary>Grades of findings.</summary>
internal enum FindingGrade
{
    /// <summary>As it should be.</summary>
    Good,

    /// <summary>Some runs cannot work.</summary>
    Warning,

    /// <summary>Nothing can run.</summary>
    Bad,
}

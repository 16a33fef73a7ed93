using System.CommandLine;
using System.Globalization;

namespace Distil.Cli.Commands;

/// <summary>Options that several commands have.</summary>
internal static class CommonOptions
{
    internal static Option<bool> Json() =>
        new("--json") { Description = "Answer with one line of JSON on the output; everything else goes to the error stream." };

    internal static Option<int?> StoragePort()
    {
        var option = new Option<int?>("--storage-port") { Description = "Port on 127.0.0.1 for the local storage (Azurite). Default: a free port." };
        option.Require<int>(port => port is >= 1 and <= 65535, "1 to 65535");
        return option;
    }

    internal static Argument<string> RunId() => new("run") { Description = "The run's id, its beginning or its last part, or `latest`; `distil runs` lists them." };

    /// <summary>Refuses numbers outside a range. A text that is no number is the parser's to refuse.</summary>
    /// <param name="option">The option.</param>
    /// <param name="fits">Whether a number is in the range.</param>
    /// <param name="expected">The range, for the message.</param>
    internal static void Require<T>(this Option option, Func<T, bool> fits, string expected)
        where T : IParsable<T> => option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && T.TryParse(result.Tokens[^1].Value, CultureInfo.InvariantCulture, out var value) && !fits(value))
            {
                result.AddError($"{option.Name} is {value}; expected {expected}");
            }
        });
}

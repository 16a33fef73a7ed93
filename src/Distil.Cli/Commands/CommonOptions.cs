using System.CommandLine;

namespace Distil.Cli.Commands;

/// <summary>Options that several commands have.</summary>
internal static class CommonOptions
{
    internal static Option<bool> Json() =>
        new("--json") { Description = "Answer with one line of JSON on the output; everything else goes to the error stream." };

    internal static Option<int?> StoragePort()
    {
        var option = new Option<int?>("--storage-port") { Description = "Port on 127.0.0.1 for the local storage (Azurite). Default: a free one." };
        option.Validators.Add(result =>
        {
            if (int.TryParse(result.Tokens[^1].Value, out var port) && port is (< 1 or > 65535))
            {
                result.AddError($"--storage-port is {port}; expected 1 to 65535");
            }
        });
        return option;
    }

    internal static Argument<string> RunId() => new("run") { Description = "The run's id, as `distil runs` lists it." };
}

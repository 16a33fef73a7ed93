using Spectre.Console;

namespace Distil.Cli.Display;

/// <summary>Chooses how a run is displayed. Views always write to the error stream, because the output is for the result.</summary>
internal static class RunViews
{
    internal static IRunView Create()
    {
        if (Console.IsErrorRedirected)
        {
            return new PlainRunView(Console.Error, TimeProvider.System);
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Profile.Capabilities.Interactive
            ? new TerminalRunView(console, TimeProvider.System)
            : new PlainRunView(Console.Error, TimeProvider.System);
    }
}

using System.CommandLine;
using System.CommandLine.Help;
using Distil.Cli.Commands;
using Distil.Cli.Hosting;
using Distil.Cli.Runs;
using Distil.Core.Errors;
using Distil.Core.Logging;
using Distil.Core.Settings;
using Distil.Telemetry;

var settings = SettingsReader.Read<CommandSettings>(Environment.GetEnvironmentVariable);
try
{
    var context = new CommandContext(settings, new TextLogger(Console.Error));
    if (TrainerCommands.Owns(args))
    {
        return await TrainerCommands.RunAsync(context.Trainer, args);
    }

    using var telemetry = TelemetryExport.TryStart("distil", settings.Telemetry);
    var root = new Command("distil", "Distil a Transformer language model into a recurrent xLSTM student.")
    {
        DemoCommand.Create(context), RunCommand.Create(context), RunsCommand.Create(context), StatusCommand.Create(context),
        CancelCommand.Create(context), ReportCommand.Create(context), GcCommand.Create(context),
        CompareCommand.Create(context), ServeCommand.Create(context), BundleCommand.Create(context), SchemaCommand.Create(context),
        new HelpOption(), new VersionOption(),
    };
    foreach (var command in TrainerCommands.CreateAll())
    {
        root.Add(command);
    }

    var parsed = root.Parse(args.Length == 0 ? ["--help"] : args);
    if (parsed.Errors.Count > 0)
    {
        throw new InvalidInputException($"{parsed.Errors[^1].Message} ({parsed.CommandResult.Command.Name} --help lists what it takes)");
    }

    // Stopping a run means waiting for its jobs, longer than the default time limit.
    return await parsed.InvokeAsync(new InvocationConfiguration
    {
        EnableDefaultExceptionHandler = false,
        ProcessTerminationTimeout = TimeSpan.FromSeconds(30),
    });
}
catch (InvalidInputException wrong)
{
    return Say(wrong.Message, ExitCode.BadInput);
}
catch (RunFailedException failed)
{
    if (failed.Detail.Length > 0)
    {
        await Console.Error.WriteLineAsync(failed.Detail);
    }

    return Say(failed.Message, failed.IsBadInput ? ExitCode.BadInput : ExitCode.Failed);
}
catch (Exception known) when (known is RunInterruptedException or DrivenElsewhereException)
{
    return Say(known.Message, ExitCode.Failed);
}
catch (OperationCanceledException)
{
    return Say("interrupted", ExitCode.Failed);
}
catch (Exception unforeseen)
{
    return Say(settings.Trace == "1" ? unforeseen.ToString() : $"{unforeseen.Message} (DISTIL_TRACE=1 shows where)", ExitCode.Failed);
}

static int Say(string message, int exitCode)
{
    foreach (var line in message.Split('\n'))
    {
        Console.Error.WriteLine($"error: {line}");
    }

    return exitCode;
}

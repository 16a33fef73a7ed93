using System.CommandLine;
using System.CommandLine.Help;
using Distil.Cli.Commands;
using Distil.Cli.Hosting;
using Distil.Cli.Runs;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Logging;
using Distil.Core.Settings;
using Distil.Telemetry;

LoopbackProxy.Exclude();
using var interruption = new Interruption(Console.Error, Environment.Exit).Listen();
CommandSettings? settings = null;
try
{
    settings = SettingsReader.Read<CommandSettings>(Environment.GetEnvironmentVariable);
    var context = new CommandContext(settings, new TextLogger(Console.Error));
    if (TrainerCommands.Owns(args))
    {
        return await TrainerCommands.RunAsync(context, args);
    }

    using var telemetry = TelemetryExport.TryStart("distil", settings.Telemetry);
    var root = new Command("distil", "Distil a Transformer language model into a recurrent xLSTM student.")
    {
        DemoCommand.Create(context), DoctorCommand.Create(context), RunCommand.Create(context), RunsCommand.Create(context), StatusCommand.Create(context),
        CancelCommand.Create(context), LogsCommand.Create(context), ReportCommand.Create(context), DeleteCommand.Create(context), GcCommand.Create(context),
        CompareCommand.Create(context), ServeCommand.Create(context), ExportCommand.Create(context), PushCommand.Create(context), BundleCommand.Create(context), PackCommand.Create(context), SchemaCommand.Create(context),
        VersionCommand.Create(), new HelpOption(), new VersionOption(),
    };
    foreach (var command in TrainerCommands.CreateAll().Concat(CompletionCommand.Create(root)))
    {
        root.Add(command);
    }

    var parsed = root.Parse(args.Length == 0 ? ["--help"] : args);
    if (parsed.Errors.Count > 0)
    {
        throw new InvalidInputException($"{parsed.Errors[^1].Message} ({parsed.CommandResult.Command.Name} --help lists what it takes)");
    }

    return await parsed.InvokeAsync(
        new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, interruption.Asked);
}
catch (RunFailedException failed)
{
    if (failed.Detail.Length > 0)
    {
        await Console.Error.WriteLineAsync(failed.Detail);
    }

    Say(failed.Message, ExitCode.Failed);
    await Console.Error.WriteLineAsync(failed.NextStep);
    return failed.IsBadInput ? ExitCode.BadInput : ExitCode.Failed;
}
catch (Exception known) when (known is RunInterruptedException or DrivenElsewhereException)
{
    return Say(known.Message, interruption.ExitCode ?? ExitCode.Failed);
}
catch (OperationCanceledException) when (interruption.ExitCode is { } exitCode)
{
    return Say("interrupted", exitCode);
}
catch (Exception error)
{
    if (settings?.Trace == "1")
    {
        await Console.Error.WriteLineAsync(error.ToString());
    }

    var report = FaultReport.Of(error);
    return Say(report.Message, report.ExitCode);
}

static int Say(string message, int exitCode)
{
    foreach (var line in message.Split('\n'))
    {
        Console.Error.WriteLine($"error: {line}");
    }

    return exitCode;
}

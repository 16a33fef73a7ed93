using System.CommandLine;
using Distil.Cli;
using Distil.Cli.Commands;
using Distil.Core.Errors;

try
{
    if (TrainerCommands.Owns(args))
        return await TrainerCommands.RunAsync(args);

    var root = new RootCommand("Distil a Transformer language model into a recurrent xLSTM student.") { BundleCommand.Create() };
    foreach (var command in TrainerCommands.CreateAll())
        root.Add(command);

    var parsed = root.Parse(args);
    if (parsed.Errors.Count > 0)
        throw new InvalidInputException($"{parsed.Errors[^1].Message} ({parsed.CommandResult.Command.Name} --help lists what it takes)");

    return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromSeconds(20) });
}
catch (InvalidInputException error)
{
    await Console.Error.WriteLineAsync($"error: {error.Message}");
    return ExitCode.BadInput;
}
catch (OperationCanceledException)
{
    await Console.Error.WriteLineAsync("error: interrupted");
    return ExitCode.Failed;
}
catch (Exception error)
{
    await Console.Error.WriteLineAsync($"error: {error.Message}");
    return ExitCode.Failed;
}

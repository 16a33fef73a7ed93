using System.CommandLine;
using Distil.Core.Http;
using Distil.Core.Logging;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Trainer.Commands;
using Distil.Trainer.Kernels;

Console.SetError(new TolerantWriter(Console.Error));
try
{
    var settings = SettingsReader.Read<TrainerSettings>(Environment.GetEnvironmentVariable);
    var log = new TextLogger(Console.Error);
    KernelSettings.Use(settings, log);
    var catalog = SourceCatalog.Create(settings.Sources, TimeProvider.System, log);
    var root = new RootCommand("Distil's trainer: the program that a job runs, and the tools around models, tokens and weights.")
    {
        ChatCommand.Create(catalog),
        CompareCommand.Create(),
        EvaluateCommand.Create(catalog),
        ForwardCommand.Create(catalog),
        GenerateCommand.Create(catalog),
        KernelsCommand.Create(),
        PretrainCommand.Create(),
        RankCommand.Create(log),
        StoriesCommand.Create(),
        TokenizeCommand.Create(),
        TrainTokenizerCommand.Create(catalog),
        WorkCommand.Create(settings, log),
    };

    var parsed = root.Parse(args);
    if (parsed.Errors.Count > 0)
    {
        foreach (var error in parsed.Errors)
        {
            Console.Error.WriteLine($"error: {error.Message}");
        }

        return 2;
    }

    var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false };
    // A job that is asked to end saves a checkpoint first, however long that takes; by default the process would end after two seconds.
    if (parsed.CommandResult.Command.Name == WorkCommand.Name)
    {
        invocation.ProcessTerminationTimeout = null;
    }

    return await parsed.InvokeAsync(invocation);
}
catch (Exception error)
{
    var report = FaultReport.Of(error);
    Console.Error.WriteLine($"error: {report.Message}");
    return report.ExitCode;
}

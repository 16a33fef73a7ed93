using System.CommandLine;
using Distil.Cli.Serving;
using Distil.Cli.Serving.OpenAi;
using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Inference.Answers;
using Distil.Inference.Engines;
using Distil.Inference.Matrices;
using Distil.Inference.Scheduling;

namespace Distil.Cli.Commands;

/// <summary><c>distil serve --model</c>: a student over HTTP, as OpenAI's API.</summary>
internal sealed class ServeModel
{
    private readonly Option<string?> _model = new("--model")
    {
        Description = "Serve this student's folder instead, as OpenAI's API: /v1/chat/completions and /v1/completions.",
    };

    private readonly Option<ComputeDevice> _device = new("--device")
    {
        Description = "Where the model runs: auto (an NVIDIA card if one can run it, else the CPU), cpu or cuda.",
    };

    private readonly Option<WeightFormat> _weights = new("--weights")
    {
        Description = "Format of the model's weights in memory: asStored (default), float32, bFloat16, int8 or int4.",
    };

    private readonly Option<int> _slots = new("--slots")
    {
        Description = "Maximum number of texts that the model generates at once; further ones wait.", DefaultValueFactory = _ => new SchedulerOptions().Slots,
    };

    /// <summary>Adds the options to a command.</summary>
    internal void AddTo(Command command)
    {
        command.Add(_model);
        command.Add(_device);
        command.Add(_weights);
        command.Add(_slots);
    }

    /// <summary>The folder that is to be served; null if runs are.</summary>
    internal string? FolderOf(ParseResult parsed) => parsed.GetValue(_model);

    /// <summary>Serves the model until it is stopped.</summary>
    /// <exception cref="InvalidInputException">The model or an option cannot be used.</exception>
    internal async Task<int> RunAsync(ParseResult parsed, ServeOptions options, CancellationToken stop)
    {
        var slots = new SchedulerOptions { Slots = parsed.GetValue(_slots) };
        var engine = new EngineOptions
        {
            Device = parsed.GetValue(_device), Weights = parsed.GetValue(_weights), MaxRows = Math.Max(new EngineOptions().MaxRows, slots.Slots),
        };
        await using var model = StudentModel.Open(FolderOf(parsed)!, engine, slots);
        foreach (var warning in model.Reading.Warnings)
        {
            Console.Error.WriteLine($"warning: {warning}");
        }

        await using var server = await ModelServer.StartAsync(model, new(), options, stop);
        foreach (var url in server.Urls)
        {
            Console.WriteLine($"Listening on {url}v1, model {model.Name} (Ctrl-C ends it)");
        }

        Console.WriteLine($"{model.Name} runs on {model.Processor}{(model.NoCard is { } reason ? $": {reason}" : "")}");

        if (model.Template is null)
        {
            Console.WriteLine($"{model.Name} has no chat template: /v1/chat/completions is refused, /v1/completions is answered");
        }

        var stopped = new TaskCompletionSource();
        await using var _ = stop.Register(stopped.SetResult);
        await stopped.Task;
        return ExitCode.Success;
    }
}

using System.Text.Json;
using Distil.Core;
using Distil.Core.Errors;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Runs;

namespace Distil.Cli.Engine;

/// <summary>Runs pipelines in this process.</summary>
/// <param name="activities">What they call, for instance an <see cref="ActivityCatalog"/>'s <see cref="ActivityCatalog.CallAsync"/>.</param>
/// <param name="publish">Told each status that a pipeline sets; must not block.</param>
/// <param name="time">Measures and waits.</param>
internal sealed class EmbeddedEngine(Func<string, JsonElement, CancellationToken, Task<JsonElement>> activities, Action<RunStatus> publish, TimeProvider time)
{
    /// <summary>Times that a failing activity is called in all, with <see cref="FirstPause"/>, twice that … between.</summary>
    private const int ActivityCalls = 4;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);

    internal TimeProvider Time => time;

    /// <summary>Does a whole run.</summary>
    /// <param name="input">The run; its documents are written.</param>
    /// <param name="stop">Asks to cancel the run: its jobs are stopped, and the outcome says so.</param>
    internal async Task<RunOutcome> RunAsync(PipelineInput input, CancellationToken stop)
    {
        var context = new EmbeddedPipelineContext(this, input.RunId, CancellationToken.None);
        await using var asked = stop.Register(() => context.Raise(DistillPipeline.CancelSignal, "interrupted"));
        var outcome = await PipelineCatalog.RunAsync(PipelineCatalog.Distill, context, JsonSerializer.SerializeToElement(input, DistilJson.Options));
        return outcome.Deserialize<RunOutcome>(DistilJson.Options)!;
    }

    /// <summary>Calls an activity until it answers, or fails for good.</summary>
    /// <exception cref="PipelineStepException">It failed for good.</exception>
    internal async Task<JsonElement> CallActivityAsync(string name, JsonElement input, CancellationToken cancel)
    {
        for (var call = 1; ; call++)
        {
            try
            {
                return await activities(name, input, cancel);
            }
            catch (InvalidInputException wrong)
            {
                throw new PipelineStepException(name, new JobFailure(FailureClass.InvalidInput, wrong.Message));
            }
            catch (Exception failed) when (failed is not OperationCanceledException && call == ActivityCalls)
            {
                throw new PipelineStepException(name, new JobFailure(FailureClass.Transient, failed.Message, failed.ToString()));
            }
            catch (Exception failed) when (failed is not OperationCanceledException)
            {
                await Task.Delay(FirstPause * Math.Pow(2, call - 1), time, cancel);
            }
        }
    }

    internal void Publish(RunStatus status) => publish(status);
}

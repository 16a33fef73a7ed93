using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core;
using Distil.Core.Runs;
using Distil.Core.Specification;

namespace Distil.Cli.Runs;

/// <summary>How much work a stage of a run is.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Amount">Amount of work.</param>
/// <param name="Unit">What is counted: tokens or jobs.</param>
/// <param name="Key">Stands for everything that determines its speed: the machine, the shapes, the settings.</param>
internal sealed record StageWork(string Stage, double Amount, string Unit, string Key)
{
    internal const string Teach = "teach", Train = "train", Evaluate = "evaluate";

    /// <summary>The stages of a run that take time.</summary>
    internal static IEnumerable<StageWork> Of(RunSpec spec, RunPlan plan)
    {
        var (students, epochs) = (plan.ArtifactsOf(spec).Students.Count, plan.Epochs);
        object teacher = new { plan.Teacher, spec.Dataset.ContextLength, spec.Training.Precision };
        object student = new { plan.Student, plan.Linearised, spec.Training.BatchSize, spec.Training.GradientAccumulation, spec.Distillation.Alignment, spec.Teacher.Mode };
        if (spec.StoresTeacherOutputs)
        {
            yield return new(Teach, plan.Tokens.Value, "tokens", KeyOf(Teach, spec, teacher, spec.Teacher.Keep));
        }

        if (spec.Merge is null)
        {
            yield return new(Train, (double)plan.Tokens.Value * epochs * students, "tokens", KeyOf(Train, spec, teacher, student, spec.Teacher.Keep));
        }

        yield return new(Evaluate, epochs * students, "jobs", KeyOf(Evaluate, spec, teacher, student, spec.Evaluation));
    }

    private static string KeyOf(string stage, RunSpec spec, params object[] determinants) => $"{stage}-" + ContentAddress.Of(new JsonArray(
        [Environment.MachineName, Environment.ProcessorCount, spec.Compute.Device.ToString(), .. determinants.Select(each => JsonSerializer.SerializeToNode(each, DistilJson.Options))]));
}

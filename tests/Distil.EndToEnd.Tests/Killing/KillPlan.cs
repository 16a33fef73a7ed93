using System.Globalization;
using Distil.Core.Artifacts;
using Distil.Core.Specification;

namespace Distil.EndToEnd.Tests.Killing;

/// <summary>What is killed, and in which state of the run: decided by a seed before the run starts.</summary>
/// <param name="Moments">In the order in which they come.</param>
internal sealed record KillPlan(IReadOnlyList<Moment> Moments)
{
    /// <value>Jobs of two shards and two epochs in the order in which they end.</value>
    private static readonly string[] Jobs =
        ["prepare-00000", "prepare-00001", "teach-00000", "teach-00001", "train-001", "evaluate-001", "train-002", "evaluate-002", "export"];

    /// <summary>
    /// In each stage one job is chosen. Every victim is killed when the job has been given to a trainer, and one is killed when the job is done and its host
    /// has not been told. The job that trains the other epoch is not held: every victim is killed when it has stored a checkpoint.
    /// </summary>
    public static KillPlan Of(int seed)
    {
        var random = new Random(seed);
        var chosen = Jobs.GroupBy(Moment.StageOf).Select(jobs => jobs.ElementAt(random.Next(jobs.Count()))).ToHashSet();
        return new KillPlan([.. Jobs.SelectMany<string, Moment>(job => chosen.Contains(job)
            ? [new HeldMoment(job, "given", Shuffled(random)), new HeldMoment(job, "done", [Shuffled(random)[0]])]
            : Moment.StageOf(job) != "train"
                ? []
                : Shuffled(random).Zip(CheckpointMoment.Steps, (victim, step) => new CheckpointMoment(job, step, [victim])))]);
    }

    private static Victim[] Shuffled(Random random)
    {
        var victims = Enum.GetValues<Victim>();
        random.Shuffle(victims);
        return victims;
    }
}

/// <summary>A state of a run in which processes are killed.</summary>
/// <param name="Job">The job that is not over then.</param>
/// <param name="Victims">What is killed, one after the other.</param>
internal abstract record Moment(string Job, IReadOnlyList<Victim> Victims)
{
    public string Stage => StageOf(Job);

    public static string StageOf(string job) => job.Split('-')[0];
}

/// <summary>A trainer waits at a point with the job, so that the state lasts until it is released.</summary>
/// <param name="Job">The job.</param>
/// <param name="Point"><c>given</c> or <c>done</c>.</param>
/// <param name="Victims">What is killed.</param>
internal sealed record HeldMoment(string Job, string Point, IReadOnlyList<Victim> Victims) : Moment(Job, Victims)
{
    public string Name => $"{Point}-{Job}";

    /// <value>The job's request, or that of a later try.</value>
    public string Pattern => $"{Point} */jobs/{Job}*/request.json";
}

/// <summary>A checkpoint is stored, unless training is over before that is seen.</summary>
/// <param name="Job">The job that trains.</param>
/// <param name="Step">The earliest step of the checkpoint: older ones are deleted.</param>
/// <param name="Victims">What is killed.</param>
internal sealed record CheckpointMoment(string Job, long Step, IReadOnlyList<Victim> Victims) : Moment(Job, Victims)
{
    public static IReadOnlyList<long> Steps { get; } = [4, 8, 12];

    public IEnumerable<string> Blobs(string run) =>
        from step in Steps
        where step >= Step
        select ArtifactLayout.Checkpoint(run, StudentVariant.Distilled, int.Parse(Epoch, CultureInfo.InvariantCulture) - 1, step, ArtifactLayout.ManifestFile);

    /// <summary>Exists when the job is over: the next one's request.</summary>
    public string End(string run) => ArtifactLayout.JobRequest(run, $"evaluate-{Epoch}");

    private string Epoch => Job.Split('-')[1];
}

using Distil.Core.Artifacts.Kinds;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;

namespace Distil.Core.Tests.Pipeline;

/// <summary>A job runner whose jobs end as a test says, and otherwise do at once the little that the pipeline looks at.</summary>
internal sealed class ScriptedJobs(ArtifactStore store) : IJobRunner
{
    private int _atWork;

    /// <value>The ids of all jobs started, in order.</value>
    public List<string> Started { get; } = [];

    /// <value>For each of them, whether it was said to be the first start of its request.</value>
    public List<bool> First { get; } = [];

    public List<string> Stopped { get; } = [];

    public int MaxAtWork { get; private set; }

    /// <value>By job id: the failure it ends with, once.</value>
    public Dictionary<string, JobFailure> Failures { get; } = [];

    /// <value>By job id: the inputs that it does not find, once.</value>
    public Dictionary<string, IReadOnlyList<MissingInput>> Missing { get; } = [];

    /// <value>By job id: what its platform says instead of its ending, one after the other.</value>
    public Dictionary<string, Queue<JobState>> States { get; } = [];

    /// <value>What the platform says about a job that ended without a result.</value>
    public string? EndSays { get; set; }

    /// <value>Rows to evaluate in each shard of a dataset.</value>
    public long EvalRows { get; set; } = 10;

    /// <value>Called when a job starts.</value>
    public Action<string> OnStart { get; set; } = _ => { };

    public async Task<string> StartAsync(JobKind kind, Uri request, bool isFirst, CancellationToken cancel)
    {
        var job = await store.ReadJsonAsync<JobRequest>(request.AbsolutePath["/account/distil/".Length..], cancel);
        lock (Started)
        {
            Started.Add(job.JobId);
            First.Add(isFirst);
            MaxAtWork = Math.Max(MaxAtWork, ++_atWork);
        }

        OnStart(job.JobId);
        return request.AbsolutePath["/account/distil/".Length..];
    }

    public Task<string?> DescribeEndAsync(string handle, CancellationToken cancel) => Task.FromResult(EndSays);

    public async Task<JobState> PollAsync(string handle, CancellationToken cancel)
    {
        var job = await store.ReadJsonAsync<JobRequest>(handle, cancel);
        lock (Started)
        {
            if (States.TryGetValue(job.JobId, out var states) && states.TryDequeue(out var state))
            {
                return state;
            }
        }

        await EndAsync(job, cancel);
        return JobState.Running; // the platform is slower than the job's own result
    }

    public Task StopAsync(string handle, CancellationToken cancel)
    {
        Stopped.Add(handle.Split('/')[3]);
        return Task.CompletedTask;
    }

    private async Task EndAsync(JobRequest job, CancellationToken cancel)
    {
        if (Missing.Remove(job.JobId, out var missing))
        {
            Failures[job.JobId] = new JobFailure(FailureClass.MissingInput, $"{job.JobId}: an input is missing");
        }

        Failures.Remove(job.JobId, out var failure);
        if (failure is null && job.Makes is Dataset)
        {
            var rows = new TokenFile(new ArtifactFile("x", 8, "00"), Rows: 10, Tokens: 100);
            var shard = new DatasetShard { Index = job.Part, Train = rows, Eval = rows with { Rows = EvalRows }, Documents = 1, SourceBytes = 1 };
            await store.WriteJsonAsync(job.Made.Closing, shard, cancel);
        }
        else if (failure is null && job.Makes is TeacherOutputs)
        {
            var shard = new TeacherOutputsShard
            {
                Index = job.Part,
                File = new ArtifactFile("x", 250, "00"),
                Rows = 10,
                Tokens = 100,
                MeanKeptTokens = 5,
                CappedShare = 0,
            };
            await store.WriteJsonAsync(job.Made.Closing, shard, cancel);
        }

        var result = new JobResult { Failure = failure, Missing = missing, StartedAt = DateTimeOffset.UnixEpoch, EndedAt = DateTimeOffset.UnixEpoch };
        if (await store.TryCreateJsonAsync(ArtifactLayout.JobResult(job.RunId, job.JobId), result, cancel))
        {
            lock (Started)
            {
                _atWork--;
            }
        }
    }
}

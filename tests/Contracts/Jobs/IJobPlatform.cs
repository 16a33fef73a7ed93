using Distil.Core.Jobs;

namespace Distil.Contracts.Jobs;

/// <summary>A platform on which jobs work until a test ends them.</summary>
internal interface IJobPlatform : IAsyncDisposable
{
    /// <value>The runner. After <see cref="ForgetAsync"/> it may be another.</value>
    IJobRunner Runner { get; }

    /// <summary>The requests on which work has begun so far, in order; one that has begun twice is there twice.</summary>
    IReadOnlyList<Uri> Begun();

    /// <summary>Whether work on a request is under way.</summary>
    bool IsAtWork(Uri request);

    /// <summary>Lets the work on a request end by itself.</summary>
    /// <param name="request">The request, whose work has begun.</param>
    /// <param name="success">Whether it ends as the platform expects; otherwise it crashes.</param>
    void End(Uri request, bool success);

    /// <summary>Makes the platform forget all jobs, with their work.</summary>
    Task ForgetAsync();
}

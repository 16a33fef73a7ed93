namespace Distil.Hosting.Http;

/// <summary>The paths of the API's operations, below the host's address.</summary>
public static class ApiRoutes
{
    /// <summary>All runs.</summary>
    public const string Runs = "api/runs";

    /// <summary>One run.</summary>
    public const string Run = Runs + "/{runId}";

    /// <summary>Cancels a run.</summary>
    public const string Cancel = Run + "/cancel";

    /// <summary>Lets a run go on that has failed, was cancelled or was interrupted.</summary>
    public const string Retry = Run + "/retry";

    /// <summary>What happened in a run.</summary>
    public const string Log = Run + "/log";

    /// <summary>Plans a run without starting it.</summary>
    public const string PlanNew = "api/plan";

    /// <summary>A run's specification.</summary>
    public const string Spec = Run + "/spec";

    /// <summary>A run's plan.</summary>
    public const string Plan = Run + "/plan";

    /// <summary>A run's training steps.</summary>
    public const string Metrics = Run + "/metrics";

    /// <summary>A run's evaluations.</summary>
    public const string Epochs = Run + "/epochs";

    /// <summary>A run's report.</summary>
    public const string Report = Run + "/report";

    /// <summary>A run's model, in one archive.</summary>
    public const string Model = Run + "/model";

    /// <summary>A run's files.</summary>
    public const string Artifacts = Run + "/artifacts";

    /// <summary>One of a run's files.</summary>
    public const string Artifact = Artifacts + "/{*name}";

    /// <summary>The JSON Schema of specifications.</summary>
    public const string Schema = "api/schema";

    /// <summary>The service's health.</summary>
    public const string Health = "api/health";

    /// <summary>The live view's files.</summary>
    public const string LiveView = "{*name}";
}

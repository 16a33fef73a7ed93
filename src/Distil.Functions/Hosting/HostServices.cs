using Azure.Identity;
using Distil.Azure.ContainerApps;
using Distil.Azure.MachineLearning;
using Distil.Azure.ResourceManager;
using Distil.Core.Api;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Functions.Activities;
using Distil.Hosting.Http;
using Distil.Hosting.Processes;
using Distil.Telemetry;
using Distil.Web;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Distil.Functions.Hosting;

/// <summary>Registers the app's services.</summary>
internal static class HostServices
{
    /// <summary>Opens the artifacts that the settings name.</summary>
    public static Task<ArtifactStore> OpenArtifactsAsync(HostSettings settings) => settings.Container() is { } container
        ? Task.FromResult(
            ArtifactStore.OpenFor(new Uri($"{container.AbsoluteUri.TrimEnd('/')}/{ArtifactLayout.Runs}"), settings.Sources.ConnectionString).Store)
        : ArtifactStore.OpenAsync(settings.Sources.ConnectionString);

    /// <summary>Registers the pipeline's host and the API.</summary>
    /// <param name="services">The collection.</param>
    /// <param name="settings">The app's settings.</param>
    /// <param name="store">The artifacts.</param>
    public static IServiceCollection AddDistil(this IServiceCollection services, HostSettings settings, ArtifactStore store)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(store);
        var platform = settings.Platform();
        services.AddSingleton<IJobRunner>(_ => platform switch
        {
            JobPlatform.Processes => new ProcessJobRunner(() => new TrainerProgram(settings.Trainer).Command(["work"]), Environment.ProcessorCount),
            JobPlatform.MachineLearning => new MachineLearningJobRunner(ResourceManager(), MachineLearningOptions.From(settings), TimeProvider.System),
            _ => new ContainerAppJobRunner(ResourceManager(), ContainerAppJobOptions.From(settings), TimeProvider.System),
        });
        services.AddSingleton<RunFolder>();
        services.AddSingleton<WriteStatus>();
        services.AddSingleton(made => new ActivityCatalog(store, made.GetRequiredService<IJobRunner>(), made.GetRequiredService<TimeProvider>()));
        // This app must be able to read whatever a job in Azure reads, so local paths of either machine are refused.
        services.AddSingleton(new ApiOptions { PathRoots = platform == JobPlatform.Processes ? null : [] });
        services.AddSingleton(made => new RunPlanner(
            made.GetRequiredService<TimeProvider>(),
            SourceCatalog.Create(settings.Sources, made.GetRequiredService<TimeProvider>(), made.GetRequiredService<ILogger<SourceCatalog>>()))
        {
            CountGpus = platform switch
            {
                JobPlatform.ContainerApps => () => 1, // a replica has one
                JobPlatform.MachineLearning => () => MachineLearningOptions.From(settings).Gpus,
                _ => null,
            },
            JobDiskBytes = settings.JobDiskBytes(),
        });
        services.AddSingleton(made => new DistilApi(store, made.GetRequiredService<ApiOptions>(), made.GetRequiredService<RunPlanner>()));
        services.AddSingleton(new LiveSite(samples: null)); // jobs are on other machines, where no path of this one exists
        services.AddDistilEndpoints();
        return services;
    }

    /// <summary>Sends traces and metrics to the target; the host sends its own, as <c>host.json</c> says.</summary>
    public static void AddTelemetry(this IServiceCollection services, TelemetryTarget target)
    {
        if (target == TelemetryTarget.None)
        {
            return;
        }

        services.AddOpenTelemetry()
            .ConfigureResource(resource => TelemetryExport.Describe(resource, "distil-functions"))
            .WithTracing(traces => traces.AddSource("Microsoft.DurableTask").AddDistil(target))
            .WithMetrics(metrics => metrics.AddDistil(target))
            .UseFunctionsWorkerDefaults();
    }

    private static ResourceManagerClient ResourceManager() => new(new DefaultAzureCredential(), new ResourceManagerOptions(), TimeProvider.System);
}

using Azure.Identity;
using Distil.Azure.ContainerApps;
using Distil.Azure.ResourceManager;
using Distil.Core.Api;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Runs;
using Distil.Functions.Activities;
using Distil.Hosting.Http;
using Distil.Hosting.Processes;
using Distil.Telemetry;
using Distil.Web;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection;

namespace Distil.Functions.Hosting;

/// <summary>What the functions are made of.</summary>
internal static class HostServices
{
    /// <summary>Opens the artifacts that the settings name.</summary>
    public static Task<ArtifactStore> OpenArtifactsAsync(HostSettings settings) => settings.Artifacts is { } container
        ? Task.FromResult(ArtifactStore.OpenFor(new Uri($"{container.AbsoluteUri.TrimEnd('/')}/{ArtifactLayout.Runs}")).Store)
        : ArtifactStore.OpenAsync();

    /// <summary>Registers the pipeline's host and the API.</summary>
    /// <param name="services">Where.</param>
    /// <param name="settings">What the app's settings say.</param>
    /// <param name="store">The artifacts.</param>
    /// <param name="variable">Reads a setting.</param>
    public static IServiceCollection AddDistil(this IServiceCollection services, HostSettings settings, ArtifactStore store, Func<string, string?> variable)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(store);
        services.AddSingleton<IJobRunner>(_ => settings.Jobs == JobPlatform.Processes
            ? new ProcessJobRunner(() => TrainerProgram.Command(["work"]), Environment.ProcessorCount)
            : ContainerApps(variable));
        services.AddSingleton<RunFolder>();
        services.AddSingleton<WriteStatus>();
        services.AddSingleton(made => new ActivityCatalog(store, made.GetRequiredService<IJobRunner>(), made.GetRequiredService<TimeProvider>()));
        // What a job in Azure reads, this app must be able to read too: no path of either machine.
        services.AddSingleton(new ApiOptions { PathRoots = settings.Jobs == JobPlatform.Processes ? null : [] });
        services.AddSingleton(made => new DistilApi(store, made.GetRequiredService<ApiOptions>(), made.GetRequiredService<TimeProvider>()));
        services.AddSingleton(new LiveSite(samples: null)); // jobs are on other machines, where no path of this one exists
        services.AddDistilEndpoints();
        return services;
    }

    /// <summary>Sends traces and metrics where the environment says; the host sends its own, as <c>host.json</c> says.</summary>
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

    private static ContainerAppJobRunner ContainerApps(Func<string, string?> variable) => new(
        new ResourceManagerClient(new HttpClient(), new DefaultAzureCredential(), new ResourceManagerOptions(), TimeProvider.System),
        ContainerAppJobOptions.FromEnvironment(variable), ContainerAppJobRunner.ReadKindAsync, TimeProvider.System);
}

using System.CommandLine;
using Distil.Cli.Commands.Doctor;
using Distil.Cli.Hosting;
using Distil.Cli.Runs;
using Distil.Cli.Serving;
using Distil.Cli.Serving.Guards;
using Distil.Cli.Serving.OpenAi;
using Distil.Core.Api;
using Distil.Core.Settings;

namespace Distil.Cli.Commands;

/// <summary><c>distil serve</c>: the HTTP API and the live view, and the runs that are asked for there.</summary>
internal static class ServeCommand
{
    // Its weights are mapped, not copied; what a student costs meanwhile is the cached states of its texts.
    private static readonly TimeSpan IdleModelTime = TimeSpan.FromMinutes(10);

    internal static Command Create(CommandContext context)
    {
        var port = new Option<int?>("--port") { Description = $"Port on 127.0.0.1; 0 for a free one. Default: {ServeOptions.UsualPort}." };
        var urls = new Option<string>("--urls")
        {
            Description = "URL to listen on instead, for instance https://0.0.0.0:7443; beyond this machine an API key is required.",
        };
        var apiKeyFile = new Option<string>("--api-key-file")
        {
            Description = $"File with the API key that each request must send; {CommandSettings.ApiKeyVariable} has the same effect.",
        };
        var noToken = new Option<bool>("--no-token") { Description = "On loopback, let in every user and program of this machine." };
        var roots = new Option<string[]>("--root")
        {
            Description = "Folder in which the local paths of submitted runs must lie; may be repeated. Without it: any path on loopback, none beyond.",
        };
        var hosts = new Option<string[]>("--allowed-host")
        {
            Description = "Name by which a proxy in front of this server calls it, or shows its pages; may be repeated.",
        };
        var jobs = new Option<int>("--jobs")
        {
            Description = "Maximum number of jobs of all runs at once; further jobs wait. Default: 2.",
            DefaultValueFactory = _ => 2,
        };
        jobs.Require<int>(max => max >= 1, "1 or more");
        var storagePort = CommonOptions.StoragePort();
        var command = new Command("serve", "Serve the HTTP API and the live view, and execute the submitted runs.")
        {
            port, urls, apiKeyFile, noToken, roots, hosts, jobs, storagePort,
        };
        var model = new ServeModel();
        model.AddTo(command);
        command.SetAction((parsed, stop) =>
        {
            var apiKey = ServeArguments.ReadApiKey(parsed.GetValue(apiKeyFile)) ?? context.Settings.ApiKey;
            var options = ServeArguments.Options(parsed.GetValue(port), parsed.GetValue(urls), apiKey, parsed.GetValue(roots) ?? []) with { AllowedHosts = parsed.GetValue(hosts) ?? [] };
            return model.FolderOf(parsed) is null
                ? RunAsync(context, options, parsed.GetValue(noToken), parsed.GetValue(jobs), parsed.GetValue(storagePort), stop)
                : model.RunAsync(parsed, options, stop);
        });
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, ServeOptions options, bool noToken, int maxJobs, int? storagePort, CancellationToken stop)
    {
        var workspace = context.Workspace;
        options = options with { Token = noToken || options.ApiKey is not null ? null : await TokenFile.GetAsync(workspace, stop) };
        options = options.WithSamples(Path.Combine(workspace.Root, "samples"));

        await using var storage = await context.OpenStorageAsync(storagePort, stop);
        await using var host = new EmbeddedRunHost(workspace, storage, context.Trainer, maxJobs, context.Log);
        var unfinished = new UnfinishedRuns(host, storage.Store, TimeProvider.System);
        await unfinished.ResumeAllAsync(stop);
        var limits = new ApiOptions
        {
            PathRoots = options.PathRoots,
            BaseFolder = options.PathRoots is [var first, ..] ? first : Environment.CurrentDirectory,
            Memory = await LocalMachine.MemoryAsync(Programs.RunAsync),
        };
        await using var models = new RunModels(new LocalCopies(workspace, storage.Store).ModelAsync, IdleModelTime, TimeProvider.System);
        await using var server = await ApiServer.StartAsync(new DistilApi(storage.Store, limits, context.NewPlanner()), limits, host, options, models, stop);
        foreach (var url in server.Urls)
        {
            Console.WriteLine($"Listening on {url}{(options.Token is { } token ? $"?{TokenGuard.Parameter}={token}" : "")} (Ctrl-C ends it)");
        }

        try
        {
            await unfinished.WatchAsync(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Its user ends it: that is how it ends.
        }

        return ExitCode.Success;
    }
}

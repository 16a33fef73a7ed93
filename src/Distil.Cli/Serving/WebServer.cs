using System.Net.Sockets;
using Distil.Core.Errors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Distil.Cli.Serving;

/// <summary>Makes the result for a refused request, in the form of the API that it was sent to.</summary>
/// <param name="status">HTTP status code.</param>
/// <param name="message">Why.</param>
internal delegate IResult Refusal(int status, string message);

/// <summary>What the servers of this program have in common.</summary>
internal static class WebServer
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);

    /// <summary>A builder of a server on the addresses of the options, which logs to the error stream and leaves signals to its command.</summary>
    internal static WebApplicationBuilder CreateBuilder(ServeOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
        {
            ContentRootPath = AppContext.BaseDirectory,
            EnvironmentName = Environments.Production,
        });
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null; // the operations that read a body have their own limits
        });
        builder.WebHost.UseUrls([.. options.Urls.Select(url => url.ToString())]);
        builder.Logging.ClearProviders().AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None); // what it says of a start that fails, StartAsync says without a stack
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.Configure<ConsoleLifetimeOptions>(console => console.SuppressStatusMessages = true);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>(); // the command stops it
        return builder;
    }

    /// <summary>Starts a server; closes it if it cannot start.</summary>
    /// <exception cref="InvalidInputException">It cannot listen on an address.</exception>
    internal static async Task StartAsync(WebApplication web, ServeOptions options, CancellationToken cancel)
    {
        try
        {
            await web.StartAsync(cancel);
        }
        catch (Exception refused) when (refused is IOException or SocketException or InvalidOperationException) // in use; not this machine's, or not allowed; no certificate
        {
            await web.DisposeAsync();
            var cure = refused is InvalidOperationException ? "" : "; --port chooses another port, 0 a free one";
            throw new InvalidInputException($"{string.Join(';', options.Urls)} cannot be listened on: {refused.Message.Split('\n')[0].Trim().TrimEnd('.')}{cure}", refused);
        }
    }

    /// <summary>Stops accepting requests, finishes those that the server has, and ends.</summary>
    internal static async ValueTask StopAsync(WebApplication web)
    {
        using var patience = new CancellationTokenSource(StopPatience);
        await web.StopAsync(patience.Token);
        await web.DisposeAsync();
    }

    /// <summary>The addresses that a server listens on, with their actual ports.</summary>
    internal static IReadOnlyList<Uri> UrlsOf(WebApplication web) =>
        [.. web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(each => new Uri(each))];

    /// <summary>Leaves signals to the command that runs the server.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

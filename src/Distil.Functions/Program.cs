using Distil.Functions.Hosting;
using Distil.Telemetry;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

var settings = HostSettings.FromEnvironment(Environment.GetEnvironmentVariable);
var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.Services.AddDistil(settings, await HostServices.OpenArtifactsAsync(settings), Environment.GetEnvironmentVariable);
builder.Services.AddTelemetry(TelemetryTargets.FromEnvironment(Environment.GetEnvironmentVariable));
await builder.Build().RunAsync();

using Distil.Core.Settings;
using Distil.Functions.Hosting;
using Distil.Telemetry;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

var settings = SettingsReader.Read<HostSettings>(Environment.GetEnvironmentVariable);
var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.Services.AddDistil(settings, await HostServices.OpenArtifactsAsync(settings));
builder.Services.AddTelemetry(TelemetryTargets.Of(settings.Telemetry));
await builder.Build().RunAsync();

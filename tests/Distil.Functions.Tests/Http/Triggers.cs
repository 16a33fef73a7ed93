using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Distil.Functions.Tests.Http;

/// <summary>The app's HTTP triggers as endpoints of ASP.NET, by the same attributes from which the Functions host takes their routes and methods.</summary>
internal static class Triggers
{
    /// <summary>Maps every trigger of an object.</summary>
    /// <param name="routes">Receives the endpoints.</param>
    /// <param name="functions">The object with the functions.</param>
    /// <param name="client">The client of each call.</param>
    /// <returns>Method and route of each trigger.</returns>
    public static IReadOnlyList<string> Map(IEndpointRouteBuilder routes, object functions, DurableTaskClient client)
    {
        var mapped = new List<string>();
        foreach (var function in functions.GetType().GetMethods().Where(method => method.GetCustomAttribute<FunctionAttribute>() is not null))
        {
            var trigger = function.GetParameters().Select(parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>()).OfType<HttpTriggerAttribute>().Single();
            routes.MapMethods(trigger.Route!, trigger.Methods!, async (HttpContext http) =>
            {
                var answer = (Task<IResult>)function.Invoke(functions, [.. function.GetParameters().Select(parameter => ValueOf(parameter, http, client))])!;
                await (await answer).ExecuteAsync(http);
            });
            mapped.AddRange(trigger.Methods!.Select(method => $"{method} {trigger.Route}"));
        }

        return mapped;
    }

    private static object? ValueOf(ParameterInfo parameter, HttpContext http, DurableTaskClient client) =>
        parameter.ParameterType == typeof(HttpRequest) ? http.Request
        : parameter.ParameterType == typeof(DurableTaskClient) ? client
        : parameter.ParameterType == typeof(CancellationToken) ? http.RequestAborted
        : http.GetRouteValue(parameter.Name!)?.ToString();
}

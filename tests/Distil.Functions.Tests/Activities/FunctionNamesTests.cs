using System.Reflection;
using Distil.Core.Pipeline;
using Distil.Core.Tests.Artifacts;
using Distil.Core.Tests.Pipeline;
using Distil.Functions.Activities;
using Distil.Functions.Http;
using Distil.Functions.Pipelines;
using Microsoft.Azure.Functions.Worker;

namespace Distil.Functions.Tests.Activities;

public sealed class FunctionNamesTests
{
    [Fact]
    public void Every_activity_of_the_catalogue_is_a_function_of_its_name_and_so_is_the_hosts_own()
    {
        using var service = new InMemoryBlobService();
        var store = service.OpenStore();
        Assert.Equal(new ActivityCatalog(store, new ScriptedJobs(store)).Names.Append(WriteStatus.Id).Order(), NamesIn(typeof(ActivityFunctions)).Order());
    }

    [Fact]
    public void Every_pipeline_is_an_orchestration_of_its_name() => Assert.Equal(PipelineCatalog.Names.Order(), NamesIn(typeof(PipelineFunctions)).Order());

    [Fact]
    public void The_route_that_takes_every_path_is_tried_last() =>
        Assert.Equal("live-view", NamesIn(typeof(RunFunctions)).Concat(NamesIn(typeof(ServiceFunctions)))
            .Where(name => name.Split('-')[0] is "get" or "list" or "live").Max(StringComparer.Ordinal));

    private static IEnumerable<string> NamesIn(Type functions) =>
        functions.GetMethods().Select(method => method.GetCustomAttribute<FunctionAttribute>()?.Name).OfType<string>();
}

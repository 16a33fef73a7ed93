using System.Reflection;
using Distil.Core.Pipeline;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Tests.Artifacts;

namespace Distil.Core.Tests.Pipeline;

public sealed class CatalogTests
{
    [Fact]
    public void Every_activity_is_in_the_catalogue_under_its_name()
    {
        using var service = new InMemoryBlobService();
        var store = service.OpenStore();
        var names = typeof(IActivity<,>).Assembly.GetTypes()
            .Where(type => type.GetInterfaces().Any(one => one.IsGenericType && one.GetGenericTypeDefinition() == typeof(IActivity<,>)))
            .Select(type => (string)type.GetField("Id", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!);
        Assert.Equal(names.Order(), new ActivityCatalog(store, new ScriptedJobs(store)).Names.Order());
    }

    [Fact]
    public void Every_pipeline_is_in_the_catalogue() => Assert.Equal(["distill", "job", "shards", "watch"], PipelineCatalog.Names.Order());
}

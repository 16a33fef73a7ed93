namespace Distil.EndToEnd.Tests;

public sealed class ProxyTests
{
    [Fact]
    public async Task Storage_on_this_machine_is_reached_whatever_proxy_the_environment_names()
    {
        using var distil = new DistilCommand();
        foreach (var name in (string[])["HTTP_PROXY", "http_proxy", "https_proxy", "all_proxy"])
        {
            distil.Environment[name] = "http://127.0.0.1:9"; // nobody listens there
        }

        Assert.Contains("no runs yet", (await distil.RunAsync("runs")).Succeeded().Output, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(distil.Workspace.Home, "azurite.json"))); // the storage that it started has ended
    }
}

using Distil.Core.Http;

namespace Distil.Core.Tests.Http;

public sealed class LoopbackProxyTests
{
    [Theory]
    [InlineData(null, "127.0.0.1,localhost,[::1]")]
    [InlineData("", "127.0.0.1,localhost,[::1]")]
    [InlineData(".corp, LOCALHOST", ".corp,LOCALHOST,127.0.0.1,[::1]")]
    public void This_machine_is_added_to_the_hosts_without_a_proxy(string? before, string after) =>
        Assert.Equal(after, LoopbackProxy.WithLoopback(before));
}

using System.Text.Json;
using System.Text.RegularExpressions;

namespace Distil.Infra.Tests.Bicep;

/// <summary>The templates' promises on keys, networks and transport, checked on the predicted resources.</summary>
public sealed partial class SecurityTests
{
    private static readonly Lazy<Task<(int ExitCode, string Output, string Said)>> Compiled =
        new(() => BicepCompiler.RunAsync(BicepCompiler.Sources, "build", "main.bicep", "--stdout"));

    public static TheoryData<string> Examples => ["dev", "prod"];

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task Nothing_reads_or_returns_a_key(string example)
    {
        var deployment = await Deployment.OfAsync(example);
        var (_, template, _) = await Compiled.Value;

        Assert.NotEmpty(template);
        // The compiled template calls no function that returns a secret, and no output has a secret's name.
        Assert.DoesNotMatch(ReadsKeys(), template);
        Assert.NotEmpty(deployment.Outputs.EnumerateObject());
        Assert.All(deployment.Outputs.EnumerateObject(), output => Assert.DoesNotMatch(NamesSecret(), output.Name + output.Value.GetRawText()));
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task Keys_and_passwords_open_nothing(string example)
    {
        var deployment = await Deployment.OfAsync(example);

        Assert.False(deployment.One("Microsoft.Storage/storageAccounts").GetProperty("allowSharedKeyAccess").GetBoolean());
        Assert.False(deployment.One("Microsoft.ContainerRegistry/registries").GetProperty("adminUserEnabled").GetBoolean());
        Assert.True(deployment.One("Microsoft.Insights/components").GetProperty("DisableLocalAuth").GetBoolean());
        Assert.True(deployment.One("Microsoft.OperationalInsights/workspaces").GetProperty("features").GetProperty("disableLocalAuth").GetBoolean());
        var publishing = deployment.Of("Microsoft.Web/sites/basicPublishingCredentialsPolicies");
        Assert.Equal(2, publishing.Count);
        Assert.All(publishing, policy => Assert.False(policy.GetProperty("properties").GetProperty("allow").GetBoolean()));
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task Transport_is_encrypted_and_nobody_reads_without_a_name(string example)
    {
        var deployment = await Deployment.OfAsync(example);
        var storage = deployment.One("Microsoft.Storage/storageAccounts");
        var site = deployment.One("Microsoft.Web/sites");

        Assert.Equal("TLS1_2", storage.GetProperty("minimumTlsVersion").GetString());
        Assert.True(storage.GetProperty("supportsHttpsTrafficOnly").GetBoolean());
        Assert.False(storage.GetProperty("allowBlobPublicAccess").GetBoolean());
        Assert.Equal("1.2", site.GetProperty("siteConfig").GetProperty("minTlsVersion").GetString());
        Assert.True(site.GetProperty("httpsOnly").GetBoolean());
        Assert.All(
            deployment.Of("Microsoft.Storage/storageAccounts/blobServices/containers"),
            container => Assert.Equal("None", container.GetProperty("properties").GetProperty("publicAccess").GetString()));
    }

    [Fact]
    public async Task A_private_deployment_is_reached_through_its_endpoints_only()
    {
        var deployment = await Deployment.OfAsync("prod");

        foreach (var type in new[] { "Microsoft.Storage/storageAccounts", "Microsoft.ContainerRegistry/registries" })
        {
            Assert.Equal("Disabled", deployment.One(type).GetProperty("publicNetworkAccess").GetString());
        }

        var services = deployment.Of("Microsoft.Network/privateEndpoints")
            .Select(endpoint => endpoint.GetProperty("properties").GetProperty("privateLinkServiceConnections")[0].GetProperty("name").GetString());
        Assert.Equal(["blob", "queue", "registry", "table"], services.Order());
        Assert.Equal(4, deployment.Of("Microsoft.Network/privateDnsZones").Count);
        // The subnet's id is known only after deployment, so this is still an expression.
        Assert.Contains("'internal', true()", deployment.One("Microsoft.App/managedEnvironments").GetProperty("vnetConfiguration").GetString());
    }

    [Fact]
    public async Task An_allowed_address_opens_a_private_deployment_to_itself_alone()
    {
        var deployment = await Deployment.OfAsync("prod", "param allowedIps = ['203.0.113.7']");
        var storage = deployment.One("Microsoft.Storage/storageAccounts").GetProperty("networkAcls");
        var registry = deployment.One("Microsoft.ContainerRegistry/registries").GetProperty("networkRuleSet");

        foreach (var rules in new JsonElement[] { storage, registry })
        {
            Assert.Equal("Deny", rules.GetProperty("defaultAction").GetString());
            Assert.Equal("203.0.113.7", Assert.Single(rules.GetProperty("ipRules").EnumerateArray()).GetProperty("value").GetString());
        }
    }

    [GeneratedRegex(@"\blist\w*\(|primaryKey|secondaryKey", RegexOptions.IgnoreCase)]
    private static partial Regex ReadsKeys();

    [GeneratedRegex("key|secret|password|token|connectionstring|sas", RegexOptions.IgnoreCase)]
    private static partial Regex NamesSecret();
}

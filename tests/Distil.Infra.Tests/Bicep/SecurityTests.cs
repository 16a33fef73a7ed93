using System.Text.Json;
using System.Text.RegularExpressions;

namespace Distil.Infra.Tests.Bicep;

/// <summary>The templates' promises on keys, networks and transport, checked on the predicted resources.</summary>
public sealed partial class SecurityTests
{
    private static readonly Lazy<Task<(string Template, string Said)>> Compiled =
        new(() => BicepServer.CompileAsync(Path.Combine(BicepSources.Original, "main.bicep")));

    public static TheoryData<string> Examples => ["dev", "prod"];

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task Nothing_reads_or_returns_a_key(string example)
    {
        var deployment = await Deployment.OfAsync(example);
        var (template, _) = await Compiled.Value;

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

        Assert.All(Accounts(deployment), account => Assert.False(account.GetProperty("allowSharedKeyAccess").GetBoolean()));
        Assert.True(deployment.One("Microsoft.KeyVault/vaults").GetProperty("enableRbacAuthorization").GetBoolean());
        Assert.True(deployment.One("Microsoft.KeyVault/vaults").GetProperty("enablePurgeProtection").GetBoolean());
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
        var site = deployment.One("Microsoft.Web/sites");

        Assert.All(Accounts(deployment), storage =>
        {
            Assert.Equal("TLS1_2", storage.GetProperty("minimumTlsVersion").GetString());
            Assert.True(storage.GetProperty("supportsHttpsTrafficOnly").GetBoolean());
            Assert.False(storage.GetProperty("allowBlobPublicAccess").GetBoolean());
        });
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

        string[] types = ["Microsoft.Storage/storageAccounts", "Microsoft.ContainerRegistry/registries", "Microsoft.KeyVault/vaults", "Microsoft.Web/sites"];
        var closed = types.SelectMany(deployment.Of).Select(resource => resource.GetProperty("properties").GetProperty("publicNetworkAccess").GetString());
        Assert.Equal(Enumerable.Repeat("Disabled", 5), closed);
        Assert.All(Accounts(deployment), account => Assert.Equal("None", account.GetProperty("networkAcls").GetProperty("bypass").GetString()));

        var services = deployment.Of("Microsoft.Network/privateEndpoints")
            .Select(endpoint => endpoint.GetProperty("properties").GetProperty("privateLinkServiceConnections")[0].GetProperty("name").GetString());
        Assert.Equal(["blob", "blob-state", "registry", "sites", "vault"], services.Order(StringComparer.Ordinal));
        Assert.Equal(4, deployment.Of("Microsoft.Network/privateDnsZones").Count);
        // The subnet's id is known only after deployment, so this is still an expression.
        Assert.Contains("'internal', true()", deployment.One("Microsoft.App/managedEnvironments").GetProperty("vnetConfiguration").GetString());
    }

    [Fact]
    public async Task An_allowed_address_opens_a_private_deployment_to_itself_alone()
    {
        var deployment = await Deployment.OfAsync("prod", "param allowedIps = ['203.0.113.7']");
        var registry = deployment.One("Microsoft.ContainerRegistry/registries").GetProperty("networkRuleSet");
        var vault = deployment.One("Microsoft.KeyVault/vaults").GetProperty("networkAcls");
        var site = deployment.One("Microsoft.Web/sites").GetProperty("siteConfig");

        Assert.Equal("Deny", site.GetProperty("ipSecurityRestrictionsDefaultAction").GetString());
        Assert.Equal("203.0.113.7/32", Assert.Single(site.GetProperty("ipSecurityRestrictions").EnumerateArray()).GetProperty("ipAddress").GetString());
        foreach (var rules in Accounts(deployment).Select(account => account.GetProperty("networkAcls")).Append(registry).Append(vault))
        {
            Assert.Equal("Deny", rules.GetProperty("defaultAction").GetString());
            Assert.Equal("203.0.113.7", Assert.Single(rules.GetProperty("ipRules").EnumerateArray()).GetProperty("value").GetString());
        }
    }

    [Fact]
    public async Task Callers_sign_in_if_an_app_registration_is_given()
    {
        const string client = "11111111-1111-1111-1111-111111111111";
        Assert.Empty((await Deployment.OfAsync("dev")).Of("Microsoft.Web/sites/config"));

        var settings = (await Deployment.OfAsync("dev", $"param apiClientId = '{client}'", "param useHubToken = true")).One("Microsoft.Web/sites/config");

        Assert.True(settings.GetProperty("globalValidation").GetProperty("requireAuthentication").GetBoolean());
        Assert.Equal(client, settings.GetProperty("identityProviders").GetProperty("azureActiveDirectory").GetProperty("registration").GetProperty("clientId").GetString());
    }

    [Fact]
    public async Task The_hubs_token_is_a_reference_to_the_vault()
    {
        var deployment = await Deployment.OfAsync("dev", "param apiClientId = '11111111-1111-1111-1111-111111111111'", "param useHubToken = true");

        Assert.All(deployment.Of("Microsoft.App/jobs"), job =>
        {
            var secrets = job.GetProperty("properties").GetProperty("configuration").GetProperty("secrets").GetRawText();
            Assert.Contains("keyVaultUrl", secrets, StringComparison.Ordinal);
            Assert.DoesNotContain("\"value\"", secrets, StringComparison.Ordinal);
        });
        Assert.Contains("@Microsoft.KeyVault(SecretUri=", deployment.One("Microsoft.Web/sites").GetRawText(), StringComparison.Ordinal);
    }

    private static IReadOnlyList<JsonElement> Accounts(Deployment deployment)
    {
        JsonElement[] accounts = [.. deployment.Of("Microsoft.Storage/storageAccounts").Select(account => account.GetProperty("properties"))];
        Assert.Equal(2, accounts.Length);
        return accounts;
    }

    [GeneratedRegex(@"\blist\w*\(|primaryKey|secondaryKey", RegexOptions.IgnoreCase)]
    private static partial Regex ReadsKeys();

    [GeneratedRegex("key|secret|password|token|connectionstring|sas", RegexOptions.IgnoreCase)]
    private static partial Regex NamesSecret();
}

using System.Text.Json;
using System.Text.RegularExpressions;

namespace Distil.Infra.Tests.Bicep;

/// <summary>The role assignments: exactly these, each on one resource.</summary>
public sealed partial class AccessTests
{
    private const string
        BlobDataOwner = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
        SecretsUser = "4633458b-17de-408a-b874-0445c86b69e6",
        BlobDataContributor = "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        QueueDataContributor = "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
        TableDataContributor = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
        AcrPull = "7f951dda-4ed3-4680-a7ca-43fe172d538d",
        MetricsPublisher = "3913510d-42f4-4e42-8a64-420c390055eb",
        JobsOperator = "b9a307c4-5aa3-4b52-ba60-2b17c136cd7b",
        DurableTaskDataContributor = "0ad04412-c4d5-4796-b79c-f76d14c8d402";

    [Theory]
    [InlineData("dev")]
    [InlineData("prod")]
    public async Task Each_identity_has_the_roles_of_its_work_and_no_other(string example)
    {
        string[] expected =
        [
            $"host {BlobDataOwner} Microsoft.Storage/storageAccounts",
            $"host {BlobDataContributor} Microsoft.Storage/storageAccounts/blobServices/containers",
            $"host {SecretsUser} Microsoft.KeyVault/vaults",
            $"trainer {SecretsUser} Microsoft.KeyVault/vaults",
            $"host {JobsOperator} Microsoft.App/jobs",
            $"host {JobsOperator} Microsoft.App/jobs",
            $"host {MetricsPublisher} Microsoft.Insights/components",
            $"trainer {BlobDataContributor} Microsoft.Storage/storageAccounts/blobServices/containers",
            $"trainer {AcrPull} Microsoft.ContainerRegistry/registries",
            $"trainer {MetricsPublisher} Microsoft.Insights/components",
            .. example == "prod"
                ? [$"host {DurableTaskDataContributor} Microsoft.DurableTask/schedulers/taskHubs"]
                : new[] { $"host {QueueDataContributor} Microsoft.Storage/storageAccounts", $"host {TableDataContributor} Microsoft.Storage/storageAccounts" },
        ];

        Assert.Equal(expected.Order(), Assignments(await Deployment.OfAsync(example)).Order());
    }

    [Fact]
    public async Task An_operator_reaches_the_artifacts_and_nothing_else()
    {
        var before = Assignments(await Deployment.OfAsync("dev"));

        var after = Assignments(await Deployment.OfAsync("dev", $"param operatorPrincipalIds = ['{Guid.Empty}']"));

        Assert.Equal([$"{Guid.Empty} {BlobDataContributor} Microsoft.Storage/storageAccounts/blobServices/containers"], after.Except(before));
    }

    private static List<string> Assignments(Deployment deployment) =>
        [.. deployment.Of("Microsoft.Authorization/roleAssignments").Select(assignment =>
        {
            var properties = assignment.GetProperty("properties");
            return $"{Who(properties)} {properties.GetProperty("roleDefinitionId").GetString()!.Split('/')[^1]} {Scope(assignment)}";
        })];

    private static string Who(JsonElement assignment)
    {
        var principal = assignment.GetProperty("principalId").GetString()!;
        return IdentityName().Match(principal) is { Success: true } match ? match.Groups[1].Value : principal;
    }

    // An assignment on a whole group or subscription has no provider before its own, so its scope is "".
    private static string Scope(JsonElement assignment)
    {
        var target = assignment.GetProperty("id").GetString()!.Split("/providers/")[..^1];
        if (target.Length < 2)
        {
            return "";
        }

        var parts = target[^1].Split('/');
        return string.Join('/', parts.Where((_, i) => i == 0 || i % 2 == 1));
    }

    [GeneratedRegex(@"userAssignedIdentities/id-distil-\w+-(\w+)'")]
    private static partial Regex IdentityName();
}

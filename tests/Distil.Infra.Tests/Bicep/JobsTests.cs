using System.Text.Json;
using Distil.Core.Settings;

namespace Distil.Infra.Tests.Bicep;

/// <summary>The jobs match the runner's expectations and the sizes of their machines.</summary>
public sealed class JobsTests
{
    [Theory]
    [InlineData("dev", "Consumption-GPU-NC8as-T4", 8, "56Gi", 6)]
    [InlineData("prod", "Consumption-GPU-NC24-A100", 24, "220Gi", 72)]
    public async Task The_gpu_job_has_a_whole_machine_and_time_for_an_epoch(string example, string profile, int cpu, string memory, int hours)
    {
        var deployment = await Deployment.OfAsync(example);
        var job = deployment.Of("Microsoft.App/jobs").Single(found => found.GetProperty("name").GetString()!.EndsWith("-gpu"));
        var configured = job.GetProperty("properties");
        var profiles = deployment.One("Microsoft.App/managedEnvironments").GetProperty("workloadProfiles").EnumerateArray();
        var named = profiles.Single(found => found.GetProperty("name").ValueEquals(configured.GetProperty("workloadProfileName").GetString()));
        var resources = Container(job).GetProperty("resources");

        Assert.Equal(profile, named.GetProperty("workloadProfileType").GetString());
        Assert.Equal(cpu, resources.GetProperty("cpu").GetInt32());
        Assert.Equal(memory, resources.GetProperty("memory").GetString());
        Assert.Equal(hours * 3600, configured.GetProperty("configuration").GetProperty("replicaTimeout").GetInt32());
    }

    [Fact]
    public async Task A_job_is_the_trainers_work_command_tried_once()
    {
        var jobs = (await Deployment.OfAsync("dev")).Of("Microsoft.App/jobs");

        Assert.Equal(2, jobs.Count);
        Assert.All(jobs, job =>
        {
            var container = Container(job);
            Assert.Equal(["work"], container.GetProperty("args").EnumerateArray().Select(argument => argument.GetString()));
            Assert.Contains(container.GetProperty("env").EnumerateArray(), variable => variable.GetProperty("name").ValueEquals("AZURE_CLIENT_ID"));
            Assert.Equal(0, job.GetProperty("properties").GetProperty("configuration").GetProperty("replicaRetryLimit").GetInt32());
        });
    }

    [Theory]
    [InlineData("", "mcr.microsoft.com/k8se/quickstart-jobs:latest")]
    [InlineData("mine:1", ", 'mine:1')]")]
    public async Task Jobs_can_be_made_before_their_image_is_pushed(string image, string used)
    {
        var prediction = await Deployment.PredictAsync("main.dev.bicepparam", text => text.Replace("'distil-trainer:latest'", $"'{image}'"));
        var jobs = new Deployment(prediction).Of("Microsoft.App/jobs");

        Assert.Equal(2, jobs.Count);
        Assert.All(jobs, job => Assert.EndsWith(used, Container(job).GetProperty("image").GetString()));
    }

    [Fact]
    public async Task The_host_is_told_of_the_jobs_by_the_names_that_it_reads()
    {
        var settings = (await Deployment.OfAsync("dev")).One("Microsoft.Web/sites").GetProperty("siteConfig").GetProperty("appSettings");
        var names = settings.EnumerateArray().Select(setting => setting.GetProperty("name").GetString()).ToList();

        Assert.Contains(HostSettings.GpuJobVariable, names);
        Assert.Contains(HostSettings.CpuJobVariable, names);
    }

    [Theory]
    [InlineData("dev", 30)]
    [InlineData("prod", null)]
    public async Task Runs_cool_down_and_are_deleted_only_where_asked(string example, int? days)
    {
        var policy = (await Deployment.OfAsync(example)).One("Microsoft.Storage/storageAccounts/managementPolicies").GetProperty("policy");
        var rules = policy.GetProperty("rules");
        var definition = rules.EnumerateArray().Single(rule => rule.GetProperty("name").ValueEquals("checkpoints-and-runs")).GetProperty("definition");
        var actions = definition.GetProperty("actions").GetProperty("baseBlob");

        Assert.Equal("distil/runs/", definition.GetProperty("filters").GetProperty("prefixMatch")[0].GetString());
        Assert.True(actions.GetProperty("tierToCool").GetProperty("daysAfterLastAccessTimeGreaterThan").GetInt32() > 0);
        int? deletedAfter = actions.TryGetProperty("delete", out var delete) ? delete.GetProperty("daysAfterModificationGreaterThan").GetInt32() : null;
        Assert.Equal(days, deletedAfter);
    }

    [Fact]
    public async Task Failed_jobs_stalled_jobs_and_spend_alert_somebody()
    {
        var deployment = await Deployment.OfAsync("dev");
        var rules = deployment.Of("Microsoft.Insights/scheduledQueryRules").Select(rule => rule.GetProperty("properties")).ToList();

        Assert.Equal(["Distil: failed jobs", "Distil: stalled jobs"], rules.Select(rule => rule.GetProperty("displayName").GetString()).Order());
        Assert.All(rules, rule => Assert.EndsWith("/actionGroups/ag-distil-dev", rule.GetProperty("actions").GetProperty("actionGroups")[0].GetString()));
        Assert.Equal(100, deployment.One("Microsoft.Consumption/budgets").GetProperty("amount").GetInt32());
    }

    [Fact]
    public async Task The_workbook_shows_every_query()
    {
        // The jobs' ids are known only after deployment: until then the page is an expression with doubled quotes.
        var page = (await Deployment.OfAsync("dev")).One("Microsoft.Insights/workbooks").GetProperty("serializedData").GetString()!;
        var queries = Directory.GetFiles(Path.Combine(BicepSources.Original, "queries"));

        Assert.Equal(3, queries.Length);
        Assert.All(queries, query => Assert.Contains(File.ReadAllText(query).Replace("'", "''"), page));
    }

    private static JsonElement Container(JsonElement job) =>
        Assert.Single(job.GetProperty("properties").GetProperty("template").GetProperty("containers").EnumerateArray());
}

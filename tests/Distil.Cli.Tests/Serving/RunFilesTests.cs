using System.Net.Http.Headers;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Api.Documents;
using Distil.Core.Artifacts;
using Distil.Core.Specification;
using Distil.Core.Tests.Documents;
using Distil.Core.Tests.Documents.Reports;

namespace Distil.Cli.Tests.Serving;

public sealed class RunFilesTests(SharedAzurite azurite)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Metrics_are_read_from_where_a_reader_left_off()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await api.NewRunAsync();
        var blob = ArtifactLayout.Metrics(run, StudentVariant.Distilled);
        Assert.Empty((await ReadAsync(0)).Steps);

        await api.Store.WriteTextAsync(blob, $"{Lines(0, 1)}{{\"globalSt", cancel: Cancel);
        var first = await ReadAsync(0);
        Assert.Equal([0, 1], Steps(first));
        Assert.Empty((await ReadAsync(first.NextOffset)).Steps);

        await api.Store.WriteTextAsync(blob, Lines(0, 1, 2), cancel: Cancel);
        var second = await ReadAsync(first.NextOffset);
        Assert.Equal([2], Steps(second));
        Assert.Equal(first.NextOffset, second.Offset);

        // Training resumed from a checkpoint: the log is shorter, and no line begins at the reader's offset.
        await api.Store.WriteTextAsync(blob, Lines(0), cancel: Cancel);
        var third = await ReadAsync(second.NextOffset);
        Assert.Equal(0, third.Offset);
        Assert.Equal([0], Steps(third));

        Task<MetricsPage> ReadAsync(long offset) => api.GetAsync<MetricsPage>($"/api/runs/{run}/metrics?offset={offset}");
        static long[] Steps(MetricsPage page) => [.. page.Steps.Select(step => step.GlobalStep)];
    }

    [Fact]
    public async Task Each_student_has_its_metrics_and_evaluations()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await api.NewRunAsync();
        await api.Store.WriteTextAsync(ArtifactLayout.Metrics(run, StudentVariant.WithoutTeacher), Lines(2), cancel: Cancel);
        foreach (var (student, epoch) in new[] { (StudentVariant.Distilled, 0), (StudentVariant.Distilled, 1), (StudentVariant.WithoutTeacher, 0) })
        {
            await api.Store.WriteJsonAsync(ArtifactLayout.EpochReport(run, student, epoch), SampleTraining.Evaluation(rows: epoch + 10), Cancel);
        }

        Assert.Empty((await api.GetAsync<MetricsPage>($"/api/runs/{run}/metrics?student=distilled")).Steps);
        Assert.Single((await api.GetAsync<MetricsPage>($"/api/runs/{run}/metrics?student=withoutTeacher")).Steps);
        var epochs = (await api.GetAsync<EpochList>($"/api/runs/{run}/epochs")).Epochs;
        Assert.Equal([(0, true), (1, false)], epochs.Select(epoch => (epoch.Epoch, epoch.WithoutTeacher is not null)));
        Assert.Equal(11, epochs[1].Distilled!.Rows);
    }

    [Theory]
    [InlineData("student=both")]
    [InlineData("offset=-1")]
    [InlineData("offset=99999999999999999999")]
    public async Task Metrics_that_cannot_be_are_refused(string query)
    {
        await using var api = await ServedApi.StartAsync(azurite);
        await ServedApi.ProblemAsync(api.Client.GetAsync($"/api/runs/{await api.NewRunAsync()}/metrics?{query}", Cancel), 400, query.Split('=')[0]);
    }

    [Fact]
    public async Task The_report_is_a_page_that_can_do_nothing_or_its_numbers()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await api.NewRunAsync();
        await api.Store.WriteTextAsync(ArtifactLayout.Report(run), "<script>alert(1)</script>", cancel: Cancel);
        await api.Store.WriteJsonAsync(ArtifactLayout.ReportData(run), SampleReport.Create(), Cancel);

        using var page = await api.Client.GetAsync($"/api/runs/{run}/report", Cancel);
        Assert.Equal("text/html", page.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith("sandbox; default-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);

        api.Client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        using var numbers = await api.Client.GetAsync($"/api/runs/{run}/report", Cancel);
        Assert.Equal(await api.Store.TryReadTextAsync(ArtifactLayout.ReportData(run), Cancel), await numbers.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task Files_are_listed_by_pages_and_handed_out_as_downloads()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await api.NewRunAsync();
        await api.Store.WriteTextAsync(ArtifactLayout.ModelFile(run, StudentVariant.Distilled, "model.safetensors"), "weights", cancel: Cancel);
        await api.Store.WriteTextAsync(ArtifactLayout.Report(run), "<html>", cancel: Cancel);

        List<RunArtifact> seen = [];
        string? token = null;
        do
        {
            var page = await api.GetAsync<ArtifactPage>($"/api/runs/{run}/artifacts?limit=1{(token is null ? "" : $"&continuationToken={token}")}");
            seen.AddRange(page.Artifacts);
            token = page.ContinuationToken;
        }
        while (token is not null);

        Assert.Superset(
            new HashSet<string> { "model/model.safetensors", "plan.json", "reports/report.html", "spec.json" }, seen.Select(file => file.Name).ToHashSet());
        Assert.Equal(seen.Select(file => file.Name).Order(StringComparer.Ordinal).Distinct(), seen.Select(file => file.Name));
        foreach (var file in seen)
        {
            using var content = await api.Client.GetAsync(file.Href, Cancel);
            Assert.Equal(file.Bytes, (await content.Content.ReadAsByteArrayAsync(Cancel)).Length);
            Assert.Equal("attachment", content.Content.Headers.ContentDisposition?.DispositionType);
            Assert.Equal("nosniff", content.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.NotEqual("text/html", content.Content.Headers.ContentType?.MediaType);
        }
    }

    [Theory]
    [InlineData("report")]
    [InlineData("artifacts/reports/report.html")]
    public async Task A_file_is_served_in_parts_by_its_tag_and_without_its_content(string path)
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await api.NewRunAsync();
        await api.Store.WriteTextAsync(ArtifactLayout.Report(run), "0123456789", cancel: Cancel);
        var url = $"/api/runs/{run}/{path}";

        using var head = await api.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, url), Cancel);
        Assert.Equal((200, 10L), ((int)head.StatusCode, head.Content.Headers.ContentLength));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(Cancel));

        using var part = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { Range = new RangeHeaderValue(4, 6) } };
        using var three = await api.Client.SendAsync(part, Cancel);
        Assert.Equal((206, "456"), ((int)three.StatusCode, await three.Content.ReadAsStringAsync(Cancel)));

        using var again = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { IfNoneMatch = { head.Headers.ETag! } } };
        using var same = await api.Client.SendAsync(again, Cancel);
        Assert.Equal(304, (int)same.StatusCode);
    }

    [Fact]
    public async Task A_models_archive_is_described_without_reading_its_files()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await api.NewRunAsync();
        await api.Store.WriteTextAsync(ArtifactLayout.ModelFile(run, StudentVariant.Distilled, "config.json"), "{}", cancel: Cancel);
        using var unfinished = await api.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/api/runs/{run}/model"), Cancel);
        Assert.Equal(404, (int)unfinished.StatusCode);

        await api.Store.WriteTextAsync(ArtifactLayout.ReportData(run), "{}", cancel: Cancel);
        using var head = await api.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/api/runs/{run}/model"), Cancel);
        Assert.Equal((200, $"{run}.tar"), ((int)head.StatusCode, head.Content.Headers.ContentDisposition?.FileName));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(Cancel));
    }

    private static string Lines(params long[] steps) =>
        string.Concat(steps.Select(step => JsonSerializer.Serialize(SampleTraining.Step(step), DistilJson.Options) + "\n"));

    [Theory]
    [InlineData("../other/spec.json")]
    [InlineData("..%2fother%2fspec.json")]
    [InlineData("%2e%2e/other/spec.json")]
    [InlineData("model/..%2f..%2fother/spec.json")]
    [InlineData("model%5c..%5c..%5cspec.json")]
    [InlineData("model//spec.json")]
    [InlineData("/etc/passwd")]
    [InlineData("spec.json%00")]
    [InlineData("spec.json%3fx")]
    public async Task No_name_leads_out_of_the_run(string name)
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await api.NewRunAsync();
        await api.Store.WriteTextAsync("runs/other/spec.json", "another run's", cancel: Cancel);

        // The path is sent as written; HttpClient would resolve the dots itself.
        var uri = new Uri(api.Client.BaseAddress + $"api/runs/{run}/artifacts/{name}", new UriCreationOptions
        {
            DangerousDisablePathAndQueryCanonicalization = true,
        });
        using var response = await api.Client.GetAsync(uri, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True((int)response.StatusCode is 400 or 404, $"{(int)response.StatusCode}: {text}");
        Assert.DoesNotContain("another run's", text, StringComparison.Ordinal);
    }
}

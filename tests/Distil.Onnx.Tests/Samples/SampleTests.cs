using System.Diagnostics;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.EndToEnd.Tests.LiveView;
using Distil.Inference.Engines;
using Distil.Inference.Sampling;
using Distil.Inference.Tests.Engines;
using Distil.Trainer.Tests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;

namespace Distil.Onnx.Tests.Samples;

/// <summary>The samples in samples/onnx continue a text as the engine on the CPU does: in .NET, in Node and in a browser.</summary>
public sealed class SampleTests : IDisposable
{
    private const string Prompt = "Once upon a time";
    private const int Count = 40;

    private static readonly string Folder = Repository.Sample("onnx");

    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("distil-onnx-");
    private readonly HuggingFaceTokenizer _tokenizer;
    private readonly string _student = RandomStudent.Write(RandomStudent.Small with { VocabularySize = 1024, TieWeights = true });

    public SampleTests()
    {
        foreach (var name in new[] { "tokenizer.json", "tokenizer_config.json" })
        {
            File.Copy(Repository.Sample("stories", "teacher", name), Path.Combine(_temporary.FullName, name));
        }

        _tokenizer = HuggingFaceTokenizer.Load(_temporary.FullName);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _temporary.Delete(recursive: true);

    [Fact]
    public void The_class_for_dotnet_continues_a_text()
    {
        OnnxStudent.Write(_student, WeightForm.Fp32, _temporary.FullName);
        using var text = new StudentText(_temporary.FullName);
        Assert.Equal(Expected(_student, WeightForm.Fp32), text.Continue(_tokenizer.Encode(Prompt, cancel: Cancel)).Take(Count));
    }

    [Theory]
    [InlineData(WeightForm.Fp32)]
    [InlineData(WeightForm.Bf16)]
    [InlineData(WeightForm.Int8)]
    [InlineData(WeightForm.Int4)]
    public async Task The_program_for_node_continues_a_text(WeightForm form)
    {
        await ContinuesInNodeAsync(_student, form);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_program_for_node_continues_a_text_with_a_linearised_student(bool keepsAttention)
    {
        var shape = keepsAttention ? RandomLinearised.Hybrid : RandomLinearised.Windowed;
        await ContinuesInNodeAsync(RandomLinearised.Write(shape with { Transformer = shape.Transformer with { VocabularySize = 1024 } }), WeightForm.Fp32);
    }

    private async Task ContinuesInNodeAsync(string student, WeightForm form)
    {
        SkipUnlessInstalled();
        OnnxStudent.Write(student, form, _temporary.FullName);
        using var node = Process.Start(new ProcessStartInfo("node", [Path.Combine(Folder, "generate.mjs"), _temporary.FullName, Prompt, $"{Count}"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var errors = node.StandardError.ReadToEndAsync(Cancel);
        var output = await node.StandardOutput.ReadToEndAsync(Cancel);
        await node.WaitForExitAsync(Cancel);
        Assert.True(node.ExitCode == 0, await errors);
        Assert.Equal(_tokenizer.Decode(Expected(student, form)), output);
    }

    [Fact]
    public async Task The_page_continues_a_text()
    {
        SkipUnlessInstalled();
        Assert.SkipUnless(Chromium.IsThere, "/usr/bin/chromium is missing");
        OnnxStudent.Write(_student, WeightForm.Int4, _temporary.FullName);
        await using var server = await ServeAsync();
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await Chromium.StartAsync(playwright);
        var page = await browser.NewPageAsync();
        await page.GotoAsync($"{server.Urls.First()}/index.html");
        await page.GetByRole(AriaRole.Button).ClickAsync(new() { Timeout = 120_000 }); // waits until the student is loaded
        await page.Locator("#text[data-done]").WaitForAsync(new() { Timeout = 120_000 });
        Assert.Equal(_tokenizer.Decode(Expected(_student, WeightForm.Int4)), await page.Locator("#text").TextContentAsync());
    }

    /// <summary>What the engine says with the weights that a form leaves.</summary>
    private int[] Expected(string student, WeightForm form)
    {
        var rounded = Path.Combine(_temporary.FullName, "rounded");
        RoundedStudent.Write(student, form, rounded);
        using var engine = StudentEngine.Open(rounded, new() { Threads = 1 });
        return [.. new Inference.Generation.Generator(engine).Continue([.. _tokenizer.Encode(Prompt, cancel: Cancel)], SamplingOptions.Greedy, Count, cancel: Cancel)];
    }

    private async Task<WebApplication> ServeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var server = builder.Build();
        server.Urls.Add("http://127.0.0.1:0");
        var types = new FileExtensionContentTypeProvider { Mappings = { [".mjs"] = "text/javascript" } };
        void Serve(string folder, string path) => server.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = new PhysicalFileProvider(folder), RequestPath = path, ContentTypeProvider = types, ServeUnknownFileTypes = true,
        });
        Serve(Folder, "");
        Serve(_temporary.FullName, "/student");
        await server.StartAsync(Cancel);
        return server;
    }

    private static void SkipUnlessInstalled() => Assert.SkipUnless(
        Directory.Exists(Path.Combine(Folder, "node_modules", "onnxruntime-web")), "the sample's packages are not installed: run `npm ci` in samples/onnx");
}

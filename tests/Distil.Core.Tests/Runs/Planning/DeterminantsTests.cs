using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Distil.Core.Runs.Planning;
using Distil.Core.Runs.Reading;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tests.Models;

namespace Distil.Core.Tests.Runs.Planning;

/// <summary>Which fields of a specification determine the ids of the dataset, the teacher outputs and the weights, and which determine none.</summary>
public sealed class DeterminantsTests : IDisposable
{
    private const string Base = """
        {
          "name": "a", "teacher": { "path": "teacher", "mode": "online" },
          "dataset": { "sources": ["some.data"], "format": "jsonl", "contextLength": 64 },
          "student": {}, "distillation": { "alpha": { "from": 0.5, "to": 0.5 }, "temperature": { "from": 2, "to": 1 }, "alignment": {} },
          "training": { "gradientAccumulation": 2 }, "evaluation": { "recall": {} }, "export": { "weights": ["int4"] }, "compute": {}
        }
        """;

    /// <summary>For each field, a value that differs from <see cref="Base"/>, and which id it changes: a new dataset also changes the outputs, new outputs
    /// the weights.</summary>
    private static readonly (string Field, string Value, Renamed Renamed)[] Changes =
    [
        ("$schema", "'x'", Renamed.Nothing),
        ("name", "'b'", Renamed.Nothing),
        ("seed", "2", Renamed.Weights),
        ("teacher.path", "'copy'", Renamed.Nothing),
        ("teacher.path", "'other-weights'", Renamed.Outputs),
        ("teacher.path", "'other-config'", Renamed.Outputs),
        ("teacher.path", "'other-tokenizer'", Renamed.Dataset),
        ("teacher.path", "'end-of-text'", Renamed.Dataset),
        ("teacher.path", "'other-end-of-text'", Renamed.Dataset),
        ("teacher.path", "'unknown-end-of-text'", Renamed.Nothing),
        ("teacher.path", "'begins'", Renamed.Dataset),
        ("teacher.mode", "'offline'", Renamed.Nothing),
        ("teacher.keep.topP", "0.5", Renamed.Outputs),
        ("teacher.keep.maxTokens", "5", Renamed.Outputs),
        ("teacher.keep.tailDraws", "0", Renamed.Nothing),
        ("teacher.keep.tailDraws", "5", Renamed.Outputs),
        ("teacher.keep.highestTemperature", "1.5", Renamed.Nothing), // the schedule's is higher
        ("teacher.keep.highestTemperature", "3", Renamed.Outputs),
        ("teacher.keep.hiddenStates", "true", Renamed.Nothing), // this student needs them
        ("teacher.keep.hiddenForm", "'fp16'", Renamed.Nothing),
        ("teacher.keep.hiddenForm", "'int4'", Renamed.Outputs),
        ("dataset.sources", "['copy.data']", Renamed.Nothing),
        ("dataset.sources", "['other.data']", Renamed.Dataset),
        ("dataset.sources", "['copy.data.gz']", Renamed.Dataset),
        ("dataset.evalSources", "['held.jsonl']", Renamed.Dataset),
        ("dataset.format", "'text'", Renamed.Dataset),
        ("dataset.textField", "'body'", Renamed.Dataset),
        ("dataset.chat", "{}", Renamed.Dataset),
        ("dataset.chat.form", "'completion'", Renamed.Dataset),
        ("dataset.chat.field", "'dialog'", Renamed.Dataset),
        ("dataset.chat.train", "'all'", Renamed.Dataset),
        ("dataset.chat.packing", "'none'", Renamed.Dataset),
        ("dataset.documentSeparator", "''", Renamed.Dataset),
        ("dataset.documentSeparator", "'\\n\\n'", Renamed.Dataset),
        ("dataset.documentSeparator", "'\\n'", Renamed.Nothing),
        ("dataset.isolateDocuments", "true", Renamed.Dataset),
        ("dataset.isolateDocuments", "false", Renamed.Nothing),
        ("dataset.contextLength", "32", Renamed.Dataset),
        ("dataset.shardTokens", "100", Renamed.Dataset),
        ("dataset.evalFraction", "0.25", Renamed.Dataset),
        ("dataset.maxTokens", "300", Renamed.Dataset),
        ("student.kind", "'linearised'", Renamed.Weights),
        ("student.blocks", "5", Renamed.Weights),
        ("student.slstmAt", "[1]", Renamed.Weights),
        ("student.heads", "8", Renamed.Weights),
        ("student.convKernel", "3", Renamed.Weights),
        ("student.qkvBlockSize", "16", Renamed.Weights),
        ("student.projFactor", "3", Renamed.Weights),
        ("student.ffnProjFactor", "3", Renamed.Weights),
        ("distillation.alpha.from", "0.75", Renamed.Weights),
        ("distillation.alpha.to", "0.25", Renamed.Weights),
        ("distillation.alpha.delta", "0.25", Renamed.Weights),
        ("distillation.alpha.decay", "'relative'", Renamed.Weights),
        ("distillation.temperature.from", "3", Renamed.Outputs),
        ("distillation.temperature.to", "0.5", Renamed.Outputs),
        ("distillation.temperature.delta", "0.25", Renamed.Weights),
        ("distillation.temperature.decay", "'relative'", Renamed.Weights),
        ("distillation.divergence.kind", "'forwardKl'", Renamed.Nothing),
        ("distillation.divergence.kind", "'reverseKl'", Renamed.Weights),
        ("distillation.divergence.kind", "'totalVariation'", Renamed.Weights),
        ("distillation.alignment.kind", "'cosine'", Renamed.Weights),
        ("distillation.alignment.kind", "'none'", Renamed.Outputs),
        ("distillation.alignment.reduction", "'ratio'", Renamed.Weights),
        ("distillation.alignment.weight", "0.25", Renamed.Weights),
        ("distillation.alignment.weight", "0", Renamed.Outputs),
        ("training.epochs", "3", Renamed.Weights),
        ("training.batchSize", "3", Renamed.Weights),
        ("training.gradientAccumulation", "3", Renamed.Weights),
        ("training.learningRate", "0.5", Renamed.Weights),
        ("training.warmupRatio", "0.5", Renamed.Weights),
        ("training.weightDecay", "0.5", Renamed.Weights),
        ("training.gradientClip", "0.5", Renamed.Weights),
        ("training.precision", "'bf16'", Renamed.Outputs),
        ("training.checkpointEverySteps", "3", Renamed.Nothing),
        ("evaluation.maxRows", "3", Renamed.Nothing),
        ("evaluation.baseline", "true", Renamed.Nothing),
        ("evaluation.control", "true", Renamed.Nothing),
        ("evaluation.prompts", "['x']", Renamed.Nothing),
        ("evaluation.sampleTokens", "3", Renamed.Nothing),
        ("evaluation.decodeContexts", "[3]", Renamed.Nothing),
        ("evaluation.tasks", "[{ 'name': 't', 'path': 'task.jsonl' }]", Renamed.Nothing),
        ("evaluation.tolerance", "0.5", Renamed.Nothing),
        ("evaluation.recall.lengths", "[8]", Renamed.Nothing),
        ("evaluation.recall.sequences", "3", Renamed.Nothing),
        ("training.quantize", "'int4'", Renamed.Weights),
        ("export.dtype", "'bf16'", Renamed.Nothing),
        ("export.to", "['onnx']", Renamed.Nothing),
        ("export.weights", "['int8', 'int4']", Renamed.Nothing),
        ("compute.teachParallelism", "3", Renamed.Nothing),
        ("compute.retries", "5", Renamed.Nothing),
        ("compute.gpusPerWorker", "2", Renamed.Nothing),
        ("compute.device", "'cuda'", Renamed.Nothing),
    ];

    /// <summary>Fields that only some divergences have, with their defaults: other values give other weights.</summary>
    private static readonly (string Kind, string Field, string Default)[] DivergenceChanges =
        [("jensenShannon", "beta", "0.5"), ("skewKl", "skew", "0.1"), ("skewReverseKl", "skew", "0.1")];

    /// <summary>The same for the fields of a linearised student: all determine its weights.</summary>
    private static readonly (string Field, string Value)[] LinearisedChanges =
    [
        ("student.window", "5"), ("student.sinks", "3"), ("student.featureMap", "'both'"), ("student.outputGate", "false"), ("student.gates.memory", "0.5"),
        ("student.gates.forgetFrom", "1"), ("student.gates.forgetTo", "1"), ("student.gates.output", "1"), ("student.keepAttention", "[1]"),
        ("student.trainEmbedding", "true"), ("training.stages.alignment.share", "0.5"), ("training.stages.alignment.learningRate", "0.5"),
        ("training.stages.alignment.memoryWeight", "0.25"), ("training.stages.distillation.inheritedRate", "0.5"),
        ("training.stages.distillation.newRate", "0.5"), ("training.stages.distillation.endRate", "0.5"),
        ("training.stages.distillation.windowDropout", "0.5"),
    ];

    /// <summary>Fields of a served teacher, which contradict others of <see cref="Base"/>: EndpointChecksTests.</summary>
    private static readonly string[] EndpointFields =
        ["teacher.endpoint.url", "teacher.endpoint.model", "teacher.endpoint.api", "teacher.endpoint.parallelRequests"];

    private static readonly string Linearised = Base.Replace("\"student\": {}", "\"student\": { \"kind\": \"linearised\" }", StringComparison.Ordinal);

    private readonly TemporaryFolder _folder = new();

    public DeterminantsTests()
    {
        GoldenSpecifications.WriteFiles(_folder.Path);
        _folder.Write("teacher/chat_template.jinja", "{{ messages }}");
        foreach (var (copy, file) in new[] { ("copy", ""), ("other-weights", "model.safetensors"),
            ("other-config", "config.json"), ("other-tokenizer", "tokenizer.json"), ("end-of-text", ""), ("other-end-of-text", ""),
            ("unknown-end-of-text", ""), ("begins", "") })
        {
            TinyTeacher.Write(Path.Combine(_folder.Path, copy), fill: (byte)(file == "model.safetensors" ? 1 : 0));
            if (file.EndsWith(".json", StringComparison.Ordinal))
            {
                File.AppendAllText(Path.Combine(_folder.Path, copy, file), "\n");
            }
        }

        _folder.Write("end-of-text/tokenizer_config.json", """{ "eos_token": "a" }""");
        _folder.Write("other-end-of-text/tokenizer_config.json", """{ "eos_token": { "content": "b" } }""");
        _folder.Write("begins/tokenizer_config.json", """{ "add_bos_token": true, "bos_token": "b" }""");
        _folder.Write("unknown-end-of-text/tokenizer_config.json", """{ "eos_token": "<none>" }""");

        // Every second line is JSON and text: what a file contains is examined, and both formats must accept this one.
        var text = string.Concat(Enumerable.Repeat("3\n{\"text\": \"Once upon a time\", \"body\": \"there was a mill\"}\n", 40)).TrimEnd();
        _folder.Write("some.data", text);
        _folder.Write("copy.data", text);
        using (var packed = new GZipStream(File.Create(Path.Combine(_folder.Path, "copy.data.gz")), CompressionLevel.Fastest))
        {
            packed.Write(Encoding.UTF8.GetBytes(text));
        }

        _folder.Write("other.data", text.Replace("Once", "Twice", StringComparison.Ordinal));
        _folder.Write("task.jsonl", """{"question": "a", "choices": ["b", "c"], "answer": 1}""");
    }

    private enum Renamed
    {
        Dataset,
        Outputs,
        Weights,
        Nothing,
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Each_field_renames_what_it_determines_and_nothing_else()
    {
        var (before, ofText, ofLinearised) = (await IdsAsync(Base), await IdsAsync(TextBase), await IdsAsync(Linearised));
        Assert.NotEqual(ofText[0], (await IdsAsync(With("teacher.path", "'end-of-text'", TextBase)))[0]);
        Assert.NotEqual((await IdsAsync(With("teacher.path", "'end-of-text'")))[0], (await IdsAsync(With("teacher.path", "'other-end-of-text'")))[0]);
        foreach (var (field, value) in LinearisedChanges)
        {
            var ids = await IdsAsync(With(field, value, Linearised));
            Assert.True(ids[..2].SequenceEqual(ofLinearised[..2]) && ids[2] != ofLinearised[2], field);
        }

        foreach (var (kind, field, standard) in DivergenceChanges)
        {
            var of = With("distillation.divergence.kind", $"'{kind}'");
            var ids = await IdsAsync(of);
            Assert.Equal(ids, await IdsAsync(With($"distillation.divergence.{field}", standard, of)));
            var changed = await IdsAsync(With($"distillation.divergence.{field}", "0.25", of));
            Assert.True(ids[..2].SequenceEqual(before[..2]) && ids[2] != before[2] && changed[..2].SequenceEqual(ids[..2]) && changed[2] != ids[2], kind);
        }

        foreach (var (field, value, renamed) in Changes)
        {
            var isOfText = field == "dataset.documentSeparator"; // other formats do not have it
            var changed = (await IdsAsync(With(field, value, isOfText ? TextBase : Base))).Select((id, i) => id != (isOfText ? ofText : before)[i]);
            Assert.True(Enum.GetValues<Renamed>()[..3].Select(each => each >= renamed).SequenceEqual(changed),
                $"{field} {value}: expected {renamed}, changed {string.Join(", ", changed)}");
        }
    }

    [Fact]
    public async Task The_fields_of_chats_and_the_chat_template_rename_a_dataset_of_chats()
    {
        var chats = With("dataset.chat", "{}");
        List<string> ids = [(await IdsAsync(chats))[0], (await IdsAsync(Base))[0]];
        foreach (var (field, value, _) in Changes.Where(change => change.Field.StartsWith("dataset.chat.", StringComparison.Ordinal)))
        {
            ids.Add((await IdsAsync(With(field, value, chats)))[0]);
        }

        var text = (await IdsAsync(Base))[0];
        _folder.Write("teacher/chat_template.jinja", "{{ messages[0].content }}");
        ids.Add((await IdsAsync(chats))[0]);
        _folder.Write("teacher/tokenizer_config.json", """{ "bos_token": "a" }""");
        ids.Add((await IdsAsync(chats))[0]);
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.Equal(text, (await IdsAsync(Base))[0]);
    }

    [Fact]
    public void Every_field_is_looked_at() =>
        Assert.Equal(
            Fields(typeof(RunSpec), "").Append("dataset.chat").Order(),
            Changes.Select(change => change.Field).Concat(LinearisedChanges.Select(change => change.Field)).Concat(DivergenceChanges.Select(change => $"distillation.divergence.{change.Field}")).Concat(EndpointFields).Append("merge.experts").Distinct().Order()); // MergePlanTests

    private static IEnumerable<string> Fields(Type record, string prefix) => record.GetProperties().Where(property => property.CanWrite).SelectMany(property =>
    {
        var name = property.Name == "Schema" ? "$schema" : prefix + char.ToLowerInvariant(property.Name[0]) + property.Name[1..];
        return property.PropertyType.Assembly == typeof(RunSpec).Assembly && property.PropertyType.IsClass ? Fields(property.PropertyType, name + ".") : [name];
    });

    private static string TextBase => With("dataset.format", "'text'");

    private static string With(string field, string value, string document = Base)
    {
        var root = JsonNode.Parse(document)!.AsObject();
        var steps = field.Split('.');
        var parent = root;
        foreach (var step in steps[..^1])
        {
            parent = (JsonObject)(parent[step] ??= new JsonObject());
        }

        parent[steps[^1]] = JsonNode.Parse(value.Replace('\'', '"'));
        return root.ToJsonString();
    }

    private async Task<string[]> IdsAsync(string json)
    {
        var spec = RunSpecReader.Parse(json, "spec.json", _folder.Path);
        var plan = await new RunPlanner(TimeProvider.System, SourceCatalog.Create(new SourceSettings(), TimeProvider.System)).PlanAsync(
            spec, TestContext.Current.CancellationToken);
        return [plan.DatasetId, plan.TeacherOutputsId, Identities.Weights(spec, plan.Student, plan.Linearised, plan.DatasetId, plan.TeacherOutputsId, StudentVariant.Distilled)];
    }
}

using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Distil.Core.Runs.Planning;
using Distil.Core.Runs.Reading;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tests.Models;
using static Distil.Core.Tests.Runs.Planning.Determinants;

namespace Distil.Core.Tests.Runs.Planning;

/// <summary>Which fields of a specification determine the ids of the dataset, the teacher outputs and the weights, and which determine none.</summary>
public sealed class DeterminantsTests : IDisposable
{
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

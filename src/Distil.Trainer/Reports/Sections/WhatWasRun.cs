using System.Text.Json;
using Distil.Core;
using Distil.Core.Documents.Reports;
using Distil.Core.Models.Folders;
using Distil.Core.Specification;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Sections;

/// <summary>Teacher, student, text, training and the specification.</summary>
internal static class WhatWasRun
{
    public static Html Of(RunReport report) => Html.Of($"""
        <section id="run"><h2>What was run</h2>
        <div class="columns">
        <div><h3>Teacher</h3>{Facts.Of(Teacher(report.Teacher))}</div>
        <div><h3>Student</h3>{Facts.Of(Student(report.Student))}</div>
        <div><h3>Text</h3>{Facts.Of(Text(report.Dataset, report.Spec.Dataset))}</div>
        <div><h3>{(report.Experts is null ? "Training" : "Merging")}</h3>{Facts.Of(TrainingFacts.Of(report))}</div>
        </div>
        <details><summary>The specification, with every default</summary><pre>{JsonSerializer.Serialize(report.Spec, DistilJson.Indented)}</pre></details>
        </section>

        """);

    private static IEnumerable<(string, string)> Teacher(TeacherSummary teacher) =>
    [
        ("Read from", teacher.Path),
        ("Architecture", teacher.Architecture),
        ("Layers, width, heads", $"{teacher.Layers}, {Figures.Count(teacher.HiddenSize)}, {teacher.Heads}"),
        ("Vocabulary", Figures.Count(teacher.VocabularySize)),
        ("Longest context", teacher.MaxContext is { } context ? $"{Figures.Count(context)} tokens" : "not stated"),
        ("Parameters", Figures.Count(teacher.Parameters)),
        .. teacher.Reading is { } reading ? Reading(reading) : [],
    ];

    private static IEnumerable<(string, string)> Reading(ModelReading reading) =>
    [
        ("Weights", $"{string.Join(", ", reading.Files)}: {string.Join(", ", reading.Tensors.Select(type => $"{type.Value} tensors {type.Key}"))}"),
        .. reading.Quantization is { } quantization ? new[] { ("Quantised", quantization) } : [],
        .. reading.Warnings.Select(warning => ("Not read", warning)),
    ];

    private static IEnumerable<(string, string)> Student(StudentSummary student)
    {
        var total = student.TrainableParameters + student.FrozenParameters;
        return
        [
            ("Blocks", string.Join(", ", student.Blocks)),
            .. student.NewParameters is { } added
                ? new[] { ("Inherited, new", $"{Figures.Count(student.InheritedParameters ?? 0)}, {Figures.Count(added)} parameters") }
                : [],
            ("Heads", Figures.Count(student.Heads)),
            ("Parameters", Figures.Count(total)),
            ("Trained",
                $"{Figures.Count(student.TrainableParameters)} ({Figures.Percent(student.TrainableParameters / (double)total)})"
                + (student.NewParameters is null ? ": blocks and final norm" : "")),
            ("Frozen", student.FrozenParameters == 0 ? "none" : $"{Figures.Count(student.FrozenParameters)}: the teacher’s embedding and head"),
        ];
    }

    private static IEnumerable<(string, string)> Text(DatasetSummary text, DatasetSpec spec) =>
    [
        ("Documents", $"{Figures.Count(text.Documents)} in {Figures.Count(text.Shards)} {(text.Shards == 1 ? "shard" : "shards")}"),
        .. text.Counts.PassedOver == 0 ? Array.Empty<(string, string)>() : [("Passed over", text.Counts.DescribePassedOver())],
        .. text.Counts.LongerThanRow == 0
            ? Array.Empty<(string, string)>()
            : [("Longer than a row", $"{Figures.Count(text.Counts.LongerThanRow)} documents, {(spec.Chat is null ? "cut into rows" : "cut at the row’s end")}")],
        ("Trained on", Amount(text.TrainTokens, text.TrainLabels, text.TrainRows, spec)),
        ("Held out", Amount(text.EvalTokens, text.EvalLabels, text.EvalRows, spec)),
        ("Row", $"{Figures.Count(text.ContextLength)} tokens"),
        .. spec.IsolateDocuments
            ? new[] { ($"{(spec.Chat is null ? "Documents" : "Conversations")} in a row", "read apart from each other: attention and state begin anew in each") }
            : [],
        ("Dataset id", text.DatasetId),
    ];

    private static string Amount(long tokens, long? labels, long rows, DatasetSpec spec) =>
        (labels is { } counted ? $"{Figures.Count(counted)} of {Figures.Count(tokens)} tokens ({(spec.Chat is null ? "the others begin documents or rows" : "the others are masked")})" : $"{Figures.Count(tokens)} tokens")
        + $" in {Figures.Count(rows)} rows";
}

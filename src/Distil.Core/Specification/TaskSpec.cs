using System.ComponentModel.DataAnnotations;

namespace Distil.Core.Specification;

/// <summary>A multiple-choice task: each choice is scored by its log-likelihood after the question.</summary>
public sealed record TaskSpec
{
    /// <value>Name of the task in reports: 1–40 of a–z, A–Z, 0–9, '-', '_' and '.'; unique.</value>
    [RegularExpression("[A-Za-z0-9_.-]{1,40}", ErrorMessage = "1–40 of a–z, A–Z, 0–9, '-', '_' and '.'")]
    public required string Name { get; init; }

    /// <value>A JSONL file with one question per line.</value>
    [MinLength(1)]
    public required string Path { get; init; }

    /// <value>The fields of a line. Default auto: recognised by the names of its fields.</value>
    public TaskFormat Format { get; init; } = TaskFormat.Auto;

    /// <value>Number of answered example questions before each question, ≥ 0. Default 0.</value>
    [Range(0.0, double.PositiveInfinity)]
    public int Shots { get; init; }

    /// <value>A JSONL file whose first questions are the examples. Default: the task's own file, without the question itself.</value>
    [MinLength(1)]
    public string? ShotsPath { get; init; }

    /// <value>Maximum number of questions; the first ones are asked, ≥ 1. Default: all.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int? MaxQuestions { get; init; }
}

/// <summary>The fields of a task's lines.</summary>
public enum TaskFormat
{
    /// <summary>Recognised by the names of the fields, line by line.</summary>
    Auto,

    /// <summary>{question, choices, answer}: the answer is an index from 0, or the choice itself.</summary>
    Plain,

    /// <summary>{activity_label, ctx_a, ctx_b, endings, label}.</summary>
    Hellaswag,

    /// <summary>{question, choices {text, label}, answerKey}.</summary>
    Arc,

    /// <summary>{goal, sol1, sol2, label}.</summary>
    Piqa,
}

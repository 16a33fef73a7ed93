using Distil.Core.Specification;

namespace Distil.Trainer.Commands;

/// <summary>The input of <c>evaluate</c>: paths of folders and files.</summary>
internal sealed record EvaluateInput(string Model, string? Teacher, string Data, string? Tokenizer)
{
    /// <value>Tokens in a row; null for the default that fits both models.</value>
    public int? Context { get; init; }

    /// <value>Maximum number of rows, ≥ 1.</value>
    public int MaxRows { get; init; } = 512;

    /// <value>Files of multiple-choice questions.</value>
    public IReadOnlyList<string> Tasks { get; init; } = [];

    /// <value>Number of examples before each question, ≥ 0.</value>
    public int Shots { get; init; }

    /// <value>Maximum number of questions of a task, ≥ 1; null for all.</value>
    public int? MaxQuestions { get; init; }

    /// <value>Lengths at which recall is measured, each ≥ 8; if empty, it is not measured.</value>
    public IReadOnlyList<int> Recall { get; init; } = [];

    /// <value>The same settings as in a run's specification.</value>
    public EvaluationSpec Suite => new()
    {
        Tasks = [.. Tasks.Select(path => new TaskSpec
        {
            Name = Path.GetFileNameWithoutExtension(path), Path = path, Shots = Shots, MaxQuestions = MaxQuestions,
        })],
        Recall = new RecallSpec { Lengths = Recall },
    };

    /// <value>How the data's rows are read as conversations; null if they are texts.</value>
    public ChatSpec? Chat { get; init; }

    /// <value>Whether the documents of a row are read apart from each other.</value>
    public bool IsolateDocuments { get; init; }

    /// <value>The device.</value>
    public ComputeDevice Device { get; init; }
}

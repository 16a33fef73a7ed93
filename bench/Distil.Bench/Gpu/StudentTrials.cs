using System.Diagnostics;
using System.Text.Json;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Specification;
using Distil.Core.Tokenization;
using Distil.Onnx;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Models;
using Distil.Trainer.Models.Linearised;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training;
using Distil.Trainer.Training.Checkpoints;
using Distil.Trainer.Training.Quantization;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Steps;
using Distil.Trainer.Training.Targets;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>Trains students of one teacher on the same rows, one after the other, and prints how close each comes to it.</summary>
internal sealed class StudentTrials : IDisposable
{
    private readonly string _folder, _teacherFolder;
    private readonly Device _device;
    private readonly StudentTrialsOptions _options;
    private readonly TransformerModel _teacher;
    private readonly DeviceRows _rows;
    private readonly long[][] _held;
    private readonly int _length;

    /// <param name="folder">teacher/, train.jsonl and eval.jsonl (rows of one length), and optionally tasks/*.jsonl.</param>
    /// <param name="device">The device.</param>
    /// <param name="options">The options.</param>
    internal StudentTrials(string folder, Device device, StudentTrialsOptions options)
    {
        options = device.type == TorchSharp.DeviceType.CUDA ? options : options with { Precision = Precision.Fp32 }; // as a run does
        (_folder, _teacherFolder, _device, _options) = (folder, Path.Combine(folder, "teacher"), device, options);
        _teacher = TransformerModel.Load(_teacherFolder, device, options.Precision == Precision.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32);
        _held = [.. ReadRows("eval.jsonl")];
        var train = ReadRows("train.jsonl").ToArray();
        _length = train[0].Length;
        _rows = new([.. train.Take(train.Length / options.Batch * options.Batch).SelectMany(row => row).Select(id => (int)id)], _length, device);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rows.Dispose();
        _teacher.Dispose();
    }

    /// <summary>Trains and measures a student.</summary>
    internal void Run(StudentTrial trial)
    {
        var began = Stopwatch.GetTimestamp();
        using var student = trial.Create(_teacherFolder, _teacher.Config, _length, _options.Seed, _device);
        var order = new RowOrder(_options.Seed, _rows.RowsOfShards, _options.Batch, accumulation: 1);
        var total = _options.Epochs * order.StepsPerEpoch;
        var loss = new DeltaDistillation(trial.Distillation);
        var targets = trial.Student is null ? null : Targets(trial.Distillation, loss);
        using var stages = trial.Stages(student, _options.Seed, total, targets is null ? null : (loss, targets.Sizes), _options.Precision);
        var loop = new TrainingLoop(
            stages, _rows, order, targets,
            new() { Seed = _options.Seed, TotalSteps = total, CheckpointEverySteps = int.MaxValue, MetricsEverySteps = 50 }, TimeProvider.System, _ => { });
        var position = TrainingPosition.Start;
        for (var epoch = 0; epoch < _options.Epochs; epoch++)
        {
            position = loop.RunEpoch(epoch, position, CancellationToken.None).Last();
        }

        var trained = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var windowed = student is LinearisedModel { Shape.Window: > 0 };
        object Alone(Branch branch) => windowed ? Score(Evaluate(student, branch)) : "none";
        var (window, memory) = (Alone(Branch.Window), Alone(Branch.Memory));
        var result = Evaluate(student);
        Figure.Say($"student {trial.Name}", new
        {
            end = Score(result), window, memory,
            steps = position.GlobalStep, seed = _options.Seed, trained = student.TrainableParameters.Sum(parameter => parameter.Value.numel()),
            forms = stages.Present.Operations.Select(operation => $"{operation.Operation}: {operation.Form}").ToArray(), s = Math.Round(trained, 1),
        });
        Forms(trial.Name, student);
        Suite(trial.Name, student, result);
    }

    private OnlineTargets Targets(DistillationSpec spec, DeltaDistillation loss) => new(_teacher, new()
    {
        Keep = _options.Dense ? new() { TopP = 1, MaxTokens = _teacher.VocabularySize } : new(),
        InverseTemperatures = TemperatureNodes.Between(spec.Temperature.To, spec.Temperature.From),
        MeanHidden = loss.Alignment.NeedsMeanHidden,
    }, loss.Alignment.NeedsLayers);

    private EvaluationResult Evaluate(IStudentModel student, Branch? alone = null)
    {
        if (student is LinearisedModel linearised)
        {
            linearised.Branch = alone ?? Branch.Both;
        }

        return new Evaluator(new() { BatchRows = _options.Batch }).Evaluate(student, _teacher, _held);
    }

    /// <summary>What forms of the weights cost, if any were asked for: each against the student's exact weights.</summary>
    private void Forms(string name, IStudentModel student)
    {
        if (student is not LinearisedModel || _options.Forms.Count == 0)
        {
            return;
        }

        var folder = Path.Combine(Path.GetTempPath(), $"distil-trial-{Environment.ProcessId}");
        student.Save(folder, new());
        foreach (var form in _options.Forms)
        {
            using var rounded = LinearisedModel.Load(folder, _device);
            WeightRounding.Of(rounded, RoundedStudent.FormsOf(folder, form)).RoundAll();
            if (_options.Precision == Precision.Bf16)
            {
                rounded.UseBFloat16();
            }

            var toExact = new Evaluator(new() { BatchRows = _options.Batch }).Evaluate(rounded, student, _held);
            Figure.Say($"student {name}, {form.Word} against exact weights", Score(toExact));
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Tasks and recall, if any were asked for.</summary>
    private void Suite(string name, IStudentModel student, EvaluationResult result)
    {
        var tasks = Path.Combine(_folder, "tasks");
        string[] files = Directory.Exists(tasks) ? [.. Directory.GetFiles(tasks, "*.jsonl").Order()] : [];
        if (files.Length == 0 && _options.Recall.Count == 0)
        {
            return;
        }

        var suite = new EvaluationSuite
        {
            Spec = new()
            {
                Tasks = [.. files.Select(file => new TaskSpec { Name = Path.GetFileNameWithoutExtension(file), Path = file })],
                Recall = new() { Lengths = _options.Recall },
            },
            Seed = 1, ContextLength = _length, Longest = _teacher.Config.MaxPositions, Tokenizer = HuggingFaceTokenizer.Load(_teacherFolder),
        };
        var measured = suite.Extend(result, _held, student, _teacher);
        Figure.Say($"student {name}, tasks and recall", new
        {
            tasks = (measured.Tasks ?? []).Select(task => new { task.Name, student = task.Student.Acc, teacher = task.Teacher!.Acc, task.Chance }).ToArray(),
            recall = (measured.Recall ?? []).Select(recall => new
            {
                kind = recall.Kind.ToString(), recall.Length, student = Math.Round(recall.Student.Value, 3), teacher = recall.Teacher?.Value,
                chance = Math.Round(recall.Chance, 3),
            }).ToArray(),
        });
    }

    private static object Score(EvaluationResult result) => new
    {
        ce = Math.Round(result.Student.CrossEntropy, 4), kl = Math.Round(result.Kl!.Value, 4), agreement = Math.Round(result.Top1Agreement!.Value, 4),
        teacher_ce = Math.Round(result.Teacher!.CrossEntropy, 4),
    };

    private IEnumerable<long[]> ReadRows(string file) => File.ReadLines(Path.Combine(_folder, file)).Select(
        line => JsonDocument.Parse(line).RootElement.GetProperty("ids").EnumerateArray().Select(id => id.GetInt64()).ToArray());
}

/// <summary>How students are trained and measured.</summary>
internal sealed record StudentTrialsOptions
{
    /// <value>Rows of a step, ≥ 1.</value>
    internal required int Batch { get; init; }

    /// <value>Passes over the rows, ≥ 1.</value>
    internal required int Epochs { get; init; }

    /// <value>Seed of the order of rows, and of a new stack's weights.</value>
    internal required int Seed { get; init; }

    /// <value>Arithmetic of student and teacher.</value>
    internal required Precision Precision { get; init; }

    /// <value>Whether students see whole distributions instead of their stored form.</value>
    internal required bool Dense { get; init; }

    /// <value>Forms of a linearised student's weights that are measured; empty for none.</value>
    internal required IReadOnlyList<WeightForm> Forms { get; init; }

    /// <value>Lengths at which recall is measured; empty for none.</value>
    internal required IReadOnlyList<int> Recall { get; init; }
}

using Distil.Core.Specification;
using Distil.Trainer.Datasets;
using Distil.Trainer.Evaluation;
using Distil.Trainer.Jobs;
using Distil.Trainer.Models;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Models.Xlstm;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Tests.Models.Linearised;
using Distil.Trainer.Torch;
using Distil.Trainer.Training.Optimizers;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Schedules;
using Distil.Trainer.Training.Stages;
using Distil.Trainer.Training.Steps;
using Distil.Trainer.Training.Targets;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Training.Rows;

/// <summary>Rows with borders between their documents teach, train and are evaluated as rows of one document each.</summary>
public sealed class IsolatedDocumentsTests : IDisposable
{
    private const string Golden = "qwen2-tiny";
    private static readonly DeltaWeights Weights = new(0.5, 1.5, 0.4);

    private readonly TransformerModel _teacher = TransformerModel.Load($"Golden/{Golden}", CPU);
    private readonly IsolatedFiles _files;

    public IsolatedDocumentsTests() => _files = new(_teacher.VocabularySize);

    private static ExtractionSettings Settings => new()
    {
        Keep = new KeepSpec { TopP = 1, MaxTokens = 12 }, InverseTemperatures = TemperatureNodes.Between(1, 2), MeanHidden = true,
    };

    public void Dispose()
    {
        _teacher.Dispose();
        _files.Dispose();
    }

    [Fact]
    public void Groups_have_each_document_once_and_no_more_positions_than_the_rows()
    {
        using var rows = TokenRows.Open(_files.Isolated);
        long[] all = [.. Enumerable.Range(0, (int)rows.Rows).Select(row => (long)row)];
        var groups = DocumentGroup.Of(rows, all);
        Assert.Equal(
            all.SelectMany(row => rows.DocumentsOf(row).Select(part => ((int)row, part.Start.Value, part.End.Value - part.Start.Value))).Order(),
            groups.SelectMany(group => group.Documents).Order());
        Assert.InRange(groups.Count, 2, 6);
        Assert.All(groups, group => Assert.InRange((long)group.Length * group.Documents.Count, 1, rows.Rows * rows.ContextLength));
        Assert.All(groups, group => Assert.InRange(group.Length * group.Documents.Count - group.Tokens, 0, Math.Max(rows.ContextLength, group.Tokens / 4)));
    }

    [Fact]
    public void The_teachers_stored_outputs_are_those_of_the_documents_alone()
    {
        using var pause = NoGcRegion.Begin();
        var (alone, isolated, joined) = (Stored(_files.Alone), Stored(_files.Isolated), Stored(_files.Joined));
        Assert.Equal(alone.Count, isolated.Count);
        Assert.All(alone.Zip(isolated), pair => Assert.InRange(Distance(pair.First, pair.Second), 0, 5e-3));
        Assert.True(alone.Zip(joined).Count(pair => Distance(pair.First, pair.Second) > 0.1) > alone.Count / 4);

        List<(SortedDictionary<long, float> Logs, float[] State)> Stored(string path) =>
            IsolatedFiles.Stored(path, _files.Teach(path, new(_teacher, Settings), Settings, _teacher.HiddenSize), Settings);
    }

    [Theory]
    [InlineData("xlstm", AlignmentKind.Frobenius, FrobeniusReduction.Paper)]
    [InlineData("xlstm", AlignmentKind.Frobenius, FrobeniusReduction.BlockWise)]
    [InlineData("xlstm", AlignmentKind.Cosine, FrobeniusReduction.Paper)]
    [InlineData("memory", AlignmentKind.Frobenius, FrobeniusReduction.Paper)]
    [InlineData("window", AlignmentKind.Cosine, FrobeniusReduction.Paper)]
    public void A_step_has_the_loss_and_the_gradients_of_the_documents_alone(string kind, AlignmentKind alignment, FrobeniusReduction reduction)
    {
        using var pause = NoGcRegion.Begin();
        using var scope = NewDisposeScope();
        var spec = new DistillationSpec { Alignment = new() { Kind = alignment, Reduction = reduction, Weight = Weights.Beta } };
        var (alone, isolated, joined) = (Step(_files.Alone), Step(_files.Isolated), Step(_files.Joined));
        AssertNear(alone.Values, isolated.Values, 2e-6);
        AssertNear(alone.Gradients, isolated.Gradients, 2e-5);
        Assert.True((alone.Values - joined.Values).abs().max().item<double>() > 1e-2);
        Assert.True((alone.Gradients - joined.Gradients).norm().item<float>() > 0.05 * alone.Gradients.norm().item<float>());

        (Tensor Values, Tensor Gradients) Step(string path)
        {
            var loss = new DeltaDistillation(spec);
            var targets = new OnlineTargets(_teacher, Settings with { MeanHidden = loss.Alignment.NeedsMeanHidden }, loss.Alignment.NeedsLayers);
            return Run(path, kind, loss, targets);
        }
    }

    [Fact]
    public void Stored_outputs_train_as_an_online_teacher_does()
    {
        using var pause = NoGcRegion.Begin();
        using var scope = NewDisposeScope();
        var loss = new DeltaDistillation(new() { Alignment = new() { Weight = Weights.Beta } });
        using var shard = IsolatedFiles.Open(_files.Isolated, _files.Teach(_files.Isolated, new(_teacher, Settings), Settings, _teacher.HiddenSize));
        var (online, stored) = (Run(_files.Isolated, "xlstm", loss, new OnlineTargets(_teacher, Settings, layers: false)),
            Run(_files.Isolated, "xlstm", loss, new StoredTargets(shard, Settings, CPU)));
        AssertNear(online.Values, stored.Values, 5e-3);
        AssertNear(online.Gradients, stored.Gradients, 0.02);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void The_alignment_stage_compares_the_attention_of_the_documents_alone(int window)
    {
        using var pause = NoGcRegion.Begin();
        using var scope = NewDisposeScope();
        var (alone, isolated, joined) = (Align(_files.Alone), Align(_files.Isolated), Align(_files.Joined));
        AssertNear(alone.Values, isolated.Values, 1e-5);
        AssertNear(alone.Gradients, isolated.Gradients, 2e-5);
        Assert.True((alone.Values - joined.Values).abs().max().item<double>() > 1e-3 * alone.Values.abs().max().item<double>());

        (Tensor Values, Tensor Gradients) Align(string path)
        {
            using var model = Students.Create(Students.ShapeOf(Golden, window), Golden);
            using var stage = new AlignmentStage(model, new() { MemoryWeight = 0.5 }, new LearningRateSchedule(1e-3, 1, 1000), gradientClip: 1e9);
            using var shard = IsolatedFiles.Open(path);
            using var batch = StepBatch.Read([IsolatedFiles.All(shard)], new StoredRows(shard, CPU), targets: null);
            var values = stage.Run(batch, new(0, 0, 1)).MoveToOuterDisposeScope();
            return (values, Moments(stage.Optimizer));
        }
    }

    [Fact]
    public void An_evaluation_measures_the_documents_alone()
    {
        using var pause = NoGcRegion.Begin();
        using var student = Student("xlstm");
        var (alone, isolated, joined) = (Evaluate(_files.Alone), Evaluate(_files.Isolated), Evaluate(_files.Joined));
        Assert.Equal((alone.Tokens, alone.Rows), (isolated.Tokens, isolated.Rows));
        Assert.Equal(alone.Student.CrossEntropy, isolated.Student.CrossEntropy, 6);
        Assert.Equal(alone.Teacher!.CrossEntropy, isolated.Teacher!.CrossEntropy, 6);
        Assert.Equal(alone.Kl!.Value, isolated.Kl!.Value, 6);
        Assert.NotEqual(alone.Teacher.CrossEntropy, joined.Teacher!.CrossEntropy, 3);

        Core.Documents.Evaluations.EvaluationResult Evaluate(string path) => new Evaluator(new() { BatchRows = 4 }).Evaluate(student, _teacher, HeldOutRows.Read([path], 100));
    }

    [Fact]
    public void Counts_of_a_micro_batch_that_another_process_reads_are_those_of_its_parts()
    {
        using var shard = IsolatedFiles.Open(_files.Isolated);
        var (rows, part) = (new StoredRows(shard, CPU), IsolatedFiles.All(shard));
        using var batch = StepBatch.Read([part], rows, targets: null);
        Assert.Equal(rows.CountsOf(part), batch.Whole);
        Assert.Equal(13, batch.Whole.Rows);
    }

    private (Tensor Values, Tensor Gradients) Run(string path, string kind, DeltaDistillation loss, ITargetSource targets)
    {
        using var student = Student(kind);
        using var optimizer = new AdamW(student.TrainableParameters, new AdamWOptions());
        using var shard = IsolatedFiles.Open(path);
        using var batch = StepBatch.Read([IsolatedFiles.All(shard)], new StoredRows(shard, CPU), targets);
        var values = new TrainingStep(student, optimizer, loss, gradientClip: 1e9, sizes: targets.Sizes).Run(batch, Weights, 1e-3);
        return (values, Moments(optimizer));
    }

    private IStudentModel Student(string kind)
    {
        if (kind != "xlstm")
        {
            return Students.Create(Students.ShapeOf(Golden, kind == "window" ? 4 : 0), Golden);
        }

        using var golden = XlstmModel.Load("Golden/xlstm-tiny", CPU);
        return XlstmModel.Create(golden.Config with { Blocks = 2, SlstmAt = [0] }, _teacher.EmbeddingWeight, _teacher.HeadWeight, 7, CPU);
    }

    /// <summary>The first moments after one step are the gradients, but for a factor.</summary>
    private static Tensor Moments(AdamW optimizer) =>
        cat([.. optimizer.State().Where(each => each.Key.StartsWith("exp_avg.", StringComparison.Ordinal)).Select(each => each.Value.flatten())]).clone();

    private static void AssertNear(Tensor expected, Tensor actual, double tolerance)
    {
        var error = (expected - actual).abs().max().to(float64).item<double>();
        Assert.InRange(error, 0, tolerance * expected.abs().max().to(float64).item<double>());
    }

    private static double Distance((SortedDictionary<long, float> Logs, float[] State) a, (SortedDictionary<long, float> Logs, float[] State) b)
    {
        var (likely, other) = (a.Logs.MaxBy(token => token.Value), b.Logs);
        var states = a.State.Zip(b.State, (x, y) => Math.Abs(x - y)).Max();
        return Math.Max(states, Math.Abs(Math.Exp(likely.Value) - Math.Exp(other.GetValueOrDefault(likely.Key, float.NegativeInfinity))));
    }
}

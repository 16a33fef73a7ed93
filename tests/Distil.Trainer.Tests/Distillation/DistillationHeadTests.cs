using Distil.Trainer.Distillation;
using Distil.Trainer.Models;
using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Distil.Trainer.Tests.Distillation;

public sealed class DistillationHeadTests
{
    private const int B = 3, S = 7, D = 12, V = 37;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Losses_total_and_logit_gradient_equal_the_golden_ones(int which)
    {
        var golden = DeltaLossCase.Expected.GetProperty("cases")[which];
        double alpha = golden.GetProperty("alpha").GetDouble(), t = golden.GetProperty("temperature").GetDouble(),
            beta = golden.GetProperty("beta").GetDouble();
        var (student, teacher) = (DeltaLossCase.Read("student_logits"), DeltaLossCase.Read("teacher_logits"));
        var ids = DeltaLossCase.Read("input_ids");
        var weights = new LossWeights(1 - alpha - beta, alpha, t);

        // The identity as head turns hidden states into logits, and their gradient into the logits' own.
        var loss = Heads.Compute(student, eye(23), ids, null, Dense(teacher, t), weights, chunkPositions: 5);

        var (crossEntropy, kl) = (loss.CrossEntropy.item<double>(), loss.Kl.item<double>());
        Assert.Equal(DeltaLossCase.Expected.GetProperty("ce").GetDouble(), crossEntropy, 1e-5);
        Assert.Equal(golden.GetProperty("kl").GetDouble(), kl, 1e-5);
        var total = weights.CrossEntropy * crossEntropy + alpha * t * t * kl + beta * DeltaLossCase.Expected.GetProperty("frobenius.paper").GetDouble();
        Assert.Equal(golden.GetProperty("total").GetDouble(), total, 1e-5);
        AssertClose(DeltaLossCase.Read($"grad_logits.{which}"), loss.HiddenGradient);
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(1.3)]
    [InlineData(2.0)]
    public void Gradients_equal_autograds_over_full_logits_with_padding(double temperature)
    {
        var (hidden, head, teacher, ids) = RandomCase();
        var lengths = tensor(new long[] { 7, 4, 1 });
        var weights = new LossWeights(0.4, 0.5, temperature);
        var loss = Heads.Compute(hidden.detach(), head.detach(), ids, lengths, Dense(teacher, temperature, lengths), weights, 4, headGradient: true);

        var logits = hidden.matmul(head.t());
        var mask = PaddingMask.Of(lengths, S);
        var ahead = PaddingMask.Of(lengths, S, offset: 1);
        var crossEntropy =
            (functional.cross_entropy(logits.reshape(-1, V), ids.roll(-1, 1).flatten(), reduction: Reduction.None) * ahead.flatten()).sum() / ahead.sum();
        var q = (teacher / temperature).softmax(-1);
        var kl = ((q * ((teacher / temperature).log_softmax(-1) - (logits / temperature).log_softmax(-1))).sum(-1) * mask).sum() / mask.sum();
        (crossEntropy * 0.4 + kl * 0.5 * temperature * temperature).backward();

        Assert.Equal(crossEntropy.item<float>(), loss.CrossEntropy.item<double>(), 1e-5);
        Assert.Equal(kl.item<float>(), loss.Kl.item<double>(), 1e-5);
        AssertClose(hidden.grad!, loss.HiddenGradient);
        AssertClose(head.grad!, loss.HeadGradient!);
        Assert.Equal(0f, loss.HiddenGradient[1].narrow(0, 4, 3).abs().max().item<float>());
    }

    [Fact]
    public void With_a_mask_only_its_positions_count_in_both_losses_and_the_gradient()
    {
        var (hidden, head, teacher, ids) = RandomCase();
        var mask = zeros(B, S);
        (int Row, int Position)[] counted = [(0, 1), (0, 2), (2, 5)];
        foreach (var (row, position) in counted)
        {
            mask[row, position] = tensor(1f);
        }

        var loss = Heads.Compute(hidden.detach(), head.detach(), ids, mask, Dense(teacher, 1.5), new(0.4, 0.5, 1.5), 4, headGradient: true);

        var (crossEntropy, kl) = (zeros(1), zeros(1));
        foreach (var (row, position) in counted)
        {
            var logits = hidden[row, position].matmul(head.t());
            crossEntropy -= logits.log_softmax(-1)[ids[row, position + 1]] / counted.Length;
            var q = (teacher[row, position] / 1.5).softmax(-1);
            kl += (q * (q.log() - (logits / 1.5).log_softmax(-1))).sum() / counted.Length;
        }

        (crossEntropy * 0.4 + kl * 0.5 * 1.5 * 1.5).sum().backward();
        Assert.Equal(crossEntropy.item<float>(), loss.CrossEntropy.item<double>(), 1e-5);
        Assert.Equal(kl.item<float>(), loss.Kl.item<double>(), 1e-5);
        AssertClose(hidden.grad!, loss.HiddenGradient);
        AssertClose(head.grad!, loss.HeadGradient!);
    }

    [Theory]
    [InlineData(1.0, 0.9, 128)]
    [InlineData(1.0, 0.5, 4)]
    [InlineData(1.5, 0.9, 8)]
    [InlineData(2.0, 1.0, 37)]
    public void The_fused_form_equals_tensor_operations(double temperature, double topP, int maxTokens)
    {
        var (hidden, head, teacher, ids) = RandomCase();
        var logits = hidden.matmul(head.t()).detach().reshape(-1, V);
        var all = ones(B * S);
        var targets = DistillationHead.Targets(
            ids, all, all, Kept(teacher, topP, maxTokens, temperature, null), new(0.3, 0.6, temperature));
        var (plainLogits, fusedLogits) = (logits.clone(), logits.clone());

        var plain = PlainLogitLoss.Apply(plainLogits, targets);
        var fused = CpuLogitLoss.Apply(fusedLogits, targets);

        AssertClose(plain.CrossEntropy, fused.CrossEntropy);
        AssertClose(plain.Kl, fused.Kl);
        AssertClose(plainLogits, fusedLogits);
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(1.7)]
    public void The_bucketed_gradient_equals_autograds_over_the_bucketed_sum(double temperature)
    {
        var (hidden, head, teacher, ids) = RandomCase();
        var targets = Kept(teacher, 0.6, 5, temperature, null);
        var loss = Heads.Compute(hidden.detach(), head.detach(), ids, null, targets, new(0, 1, temperature), 8);

        var q = targets.At(temperature);
        var logStudent = (hidden.matmul(head.t()) / temperature).log_softmax(-1).reshape(-1, V);
        var used = q.KeptLog.isneginf().logical_not();
        var inside = (q.KeptLog.exp() * (q.KeptLog.masked_fill(~used, 0) - logStudent.gather(-1, q.TokenIds))).sum(-1);
        var outside = logStudent.scatter(-1, q.TokenIds, full_like(q.KeptLog, double.NegativeInfinity)).logsumexp(-1);
        var kl = (inside + q.TailLog.exp() * (q.TailLog - outside)).mean();
        (kl * temperature * temperature).backward();

        Assert.Equal(kl.item<float>(), loss.Kl.item<double>(), 1e-5);
        AssertClose(hidden.grad!, loss.HiddenGradient);
    }

    [Fact]
    public void The_chunk_size_changes_nothing()
    {
        var (hidden, head, teacher, ids) = RandomCase();
        var targets = Kept(teacher, 0.9, 8, 1.5, null);
        var whole = Heads.Compute(hidden, head, ids, null, targets, new(0.3, 0.6, 1.5), 1000, headGradient: true);
        foreach (var chunk in new[] { 1, 2, 20, 21 })
        {
            var chunked = Heads.Compute(hidden, head, ids, null, targets, new(0.3, 0.6, 1.5), chunk, headGradient: true);
            Assert.Equal(whole.Kl.item<double>(), chunked.Kl.item<double>(), 1e-6);
            AssertClose(whole.HiddenGradient, chunked.HiddenGradient);
            AssertClose(whole.HeadGradient!, chunked.HeadGradient!);
        }
    }

    [Fact]
    public void Without_a_teacher_there_is_only_the_next_token_loss()
    {
        var (hidden, head, _, ids) = RandomCase();
        var loss = Heads.Compute(hidden.detach(), head.detach(), ids, null, null, LossWeights.NextToken, 6);

        var crossEntropy = functional.cross_entropy(
            hidden.matmul(head.t()).narrow(1, 0, S - 1).reshape(-1, V), ids.narrow(1, 1, S - 1).flatten());
        crossEntropy.backward();

        Assert.Equal(crossEntropy.item<float>(), loss.CrossEntropy.item<double>(), 1e-5);
        Assert.Equal(0, loss.Kl.item<double>());
        AssertClose(hidden.grad!, loss.HiddenGradient);
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(2.0)]
    public void A_student_as_sure_as_can_be_gives_finite_losses_and_gradients(double temperature)
    {
        var (hidden, head, teacher, ids) = RandomCase();
        var loss = Heads.Compute(hidden.detach() * 200, head.detach(), ids, null, Kept(teacher, 0.9, 8, temperature, null), new(0.3, 0.6, temperature), 6);
        Assert.True(double.IsFinite(loss.CrossEntropy.item<double>()));
        Assert.True(double.IsFinite(loss.Kl.item<double>()));
        Assert.True(loss.HiddenGradient.isfinite().all().item<bool>());
    }

    private static (Tensor Hidden, Tensor Head, Tensor TeacherLogits, Tensor Ids) RandomCase()
    {
        var generator = new Generator(7);
        return (randn([B, S, D], generator: generator).requires_grad_(), randn([V, D], generator: generator).requires_grad_(),
            randn([B, S, V], generator: generator) * 2, randint(V, [B, S], ScalarType.Int64, generator: generator));
    }

    private static TeacherTargets Dense(Tensor logits, double temperature, Tensor? lengths = null) =>
        Kept(logits, 1, (int)logits.shape[^1], temperature, lengths);

    private static TeacherTargets Kept(Tensor logits, double topP, int maxTokens, double temperature, Tensor? lengths) => Heads.Sparse(
        logits, eye(logits.shape[^1]), new() { Keep = new() { TopP = topP, MaxTokens = maxTokens }, InverseTemperatures = [1 / temperature] }, lengths);

    private static void AssertClose(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        var error = (expected - actual).abs().max().item<float>();
        Assert.True(error <= 1e-4 * expected.abs().max().item<float>() + 1e-8, $"largest difference {error}");
    }
}

using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Inference.CudaEngines;
using Distil.Inference.Engines;
using Distil.Inference.Matrices;
using Distil.Inference.Tests.Engines;

namespace Distil.Inference.Tests.CudaEngines;

public sealed class EngineChoiceTests
{
    private readonly string _folder = RandomStudent.Write(RandomStudent.Small);

    [Fact]
    public void The_processor_is_used_without_a_reason_if_it_is_asked_for()
    {
        var (engine, noCard) = EngineChoice.Open(_folder, new() { Device = ComputeDevice.Cpu }, states: 1);
        using var _ = engine;
        Assert.IsType<StudentEngine>(engine);
        Assert.Null(noCard);
    }

    [Fact]
    public void Weights_that_no_card_has_are_run_by_the_processor_with_the_reason_or_refused()
    {
        var options = new EngineOptions { Weights = WeightFormat.Int8 };
        var (engine, noCard) = EngineChoice.Open(_folder, options, states: 1);
        using var _ = engine;
        Assert.IsType<StudentEngine>(engine);
        Assert.Equal("the weights are to be Int8; on a card they are bfloat16", noCard);
        var refused = Assert.Throws<InvalidInputException>(() => EngineChoice.Open(_folder, options with { Device = ComputeDevice.Cuda }, states: 1));
        Assert.Equal($"the device is cuda, which cannot run {_folder}: {noCard}", refused.Message);
    }

    [Fact]
    public void Without_a_card_the_processor_is_used_with_the_reason_and_cuda_is_refused()
    {
        Assert.SkipWhen(TestCard.Platform is not null, "there is a card");
        var (engine, noCard) = EngineChoice.Open(_folder, new(), states: 1);
        using var _ = engine;
        Assert.IsType<StudentEngine>(engine);
        Assert.Equal(TestCard.Reason, noCard);
        var refused = Assert.Throws<InvalidInputException>(() => EngineChoice.Open(_folder, new() { Device = ComputeDevice.Cuda }, states: 1));
        Assert.Contains(TestCard.Reason!, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_card_is_used_if_there_is_one_unless_the_states_do_not_fit()
    {
        TestCard.Require();
        var (engine, noCard) = EngineChoice.Open(_folder, new() { KernelFolder = TestCard.KernelFolder }, states: 48);
        using var _ = engine;
        Assert.IsType<CudaEngine>(engine);
        Assert.Null(noCard);
        var refused = Assert.Throws<InvalidInputException>(() => EngineChoice.Open(_folder, new() { Device = ComputeDevice.Cuda, KernelFolder = TestCard.KernelFolder }, states: int.MaxValue));
        Assert.Contains("left", refused.Message, StringComparison.Ordinal);
    }
}

using Distil.Trainer.Models.Linearised.Fused;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Linearised.Fused;

public sealed class OptionalTensorsTests
{
    [Fact]
    public void A_record_is_rebuilt_from_the_tensors_that_it_has()
    {
        using var scope = NewDisposeScope();
        var record = new MixerOutputs(zeros(1), null, ones(2));
        var pattern = OptionalTensors.Of(record);
        var present = pattern.Present(record);
        Assert.Equal([record.Mixed, record.Share!], present);
        Assert.Equal(record, pattern.Build<MixerOutputs>(present));
        Assert.Equal([zeros(1).shape, null], pattern.Slots(new MixerOutputs(zeros(1), ones(3), null)).Select(tensor => tensor?.shape)); // in the places of two
    }
}

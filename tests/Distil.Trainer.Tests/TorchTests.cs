using static TorchSharp.torch;

namespace Distil.Trainer.Tests;

public sealed class TorchTests
{
    [Fact]
    public void Torch_loads_on_this_machine() => Assert.Equal(3f, ones(3).sum().item<float>());
}

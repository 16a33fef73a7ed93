using System.Text;
using Distil.Trainer.Metrics;

namespace Distil.Trainer.Tests.Metrics;

public sealed class Crc32CTests
{
    [Fact]
    public void Equals_the_check_value_and_the_vectors_of_rfc_3720()
    {
        Assert.Equal(0xE3069283, Crc32C.Of(Encoding.ASCII.GetBytes("123456789")));
        Assert.Equal(0x8A9136AAu, Crc32C.Of(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Of(Enumerable.Repeat((byte)0xFF, 32).ToArray()));
        Assert.Equal(0x46DD794Eu, Crc32C.Of(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()));
    }
}

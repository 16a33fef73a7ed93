using System.Text;
using CsCheck;
using Distil.Fuzzing;

namespace Distil.Core.Tests;

public sealed class Crc32CTests
{
    [Fact]
    public void Agrees_with_the_published_values()
    {
        Assert.Equal(0xE3069283, Crc32C.Of(Encoding.ASCII.GetBytes("123456789")));
        Assert.Equal(0x8A9136AAu, Crc32C.Of(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Of(Enumerable.Repeat((byte)0xFF, 32).ToArray()));
        Assert.Equal(0x46DD794Eu, Crc32C.Of(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()));
    }

    [Fact]
    public void Two_pieces_have_the_checksum_of_the_whole() =>
        Gen.Select(Gen.Byte.Array, Gen.Byte.Array).Each((first, second) => Assert.Equal(Crc32C.Of([.. first, .. second]), Crc32C.Of(first, second)));
}

using System.Security.Cryptography;
using CsCheck;
using Distil.Core.Errors;
using Distil.Fuzzing;
using Distil.Inference.Engines;
using static Distil.Inference.Tests.Engines.EngineSteps;

namespace Distil.Inference.Tests.Engines;

/// <summary>Saved states that anything happened to, with and without a checksum that matches.</summary>
public sealed class StateFuzzTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"distil-{Guid.NewGuid():n}.bin");
    private readonly StudentEngine _engine = Open("hybrid"); // of which everything is saved that any kind has
    private readonly byte[] _valid;

    public StateFuzzTests()
    {
        using var state = _engine.NewState();
        _engine.Run([.. Tokens[..3].Select(token => new StudentInput(state, token, false))]);
        state.Save(_path);
        _valid = File.ReadAllBytes(_path);
    }

    public void Dispose()
    {
        File.Delete(_path);
        _engine.Dispose();
    }

    [Fact]
    public Task Changed_bytes() => Hostile.EndsInAsync<InvalidInputException>(Mutations.Of(_valid), bytes =>
    {
        File.WriteAllBytes(_path, bytes);
        using var state = StudentState.Load(_path, _engine);
        Assert.Equal(_valid, bytes);
    }, iterations: 300);

    [Fact]
    public Task A_changed_header_that_the_checksum_fits() => Hostile.EndsInAsync<InvalidInputException>(
        Mutations.Of(_valid[..64]).Select(header => (byte[])Seal([.. header, .. _valid[64..^SHA256.HashSizeInBytes]])), bytes =>
        {
            File.WriteAllBytes(_path, bytes);
            using var state = StudentState.Load(_path, _engine);
            Assert.InRange(state.Position, 0, long.MaxValue);
        }, iterations: 300);

    private static byte[] Seal(byte[] content) => [.. content, .. SHA256.HashData(content)];
}

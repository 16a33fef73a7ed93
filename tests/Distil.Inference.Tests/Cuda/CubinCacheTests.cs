using Distil.Inference.Cuda;

namespace Distil.Inference.Tests.Cuda;

public sealed class CubinCacheTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"distil-cubins-{Guid.NewGuid():N}");

    [Fact]
    public void Makes_a_cubin_once_and_keeps_it_for_other_processes()
    {
        byte[] made = [1, 2, 3];
        Assert.Equal(made, new CubinCache(_folder).Get("key", () => made));
        Assert.Equal(made, new CubinCache(_folder).Get("key", () => throw new InvalidOperationException("made twice")));
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Makes_a_damaged_cubin_anew()
    {
        var cache = new CubinCache(_folder);
        cache.Get("key", () => [1, 2, 3]);
        var path = Assert.Single(Directory.GetFiles(_folder));
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..^1]);
        Assert.Equal([4, 5], cache.Get("key", () => [4, 5]));
        Assert.Equal([4, 5], cache.Get("key", () => throw new InvalidOperationException("not replaced")));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_costs_only_the_keeping()
    {
        File.WriteAllText(_folder, "a file where the folder should be");
        Assert.Equal([7], new CubinCache(_folder).Get("key", () => [7]));
    }

    [Fact]
    public void Keys_differ_when_text_moves_from_one_part_to_the_next() =>
        Assert.NotEqual(CubinCache.Key(["ab", "c"]), CubinCache.Key(["a", "bc"]));

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
        File.Delete(_folder);
    }
}

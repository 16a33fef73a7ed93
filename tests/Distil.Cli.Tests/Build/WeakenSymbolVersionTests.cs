using System.Reflection;

namespace Distil.Cli.Tests.Build;

public sealed class WeakenSymbolVersionTests
{
    private const string Version = "GLIBCXX_3.4.32";

    [Fact]
    public void Flags_exactly_the_needs_of_that_version_in_the_real_library()
    {
        var before = TorchSharpLibrary();
        var after = (byte[])before.Clone();

        var changed = WeakenSymbolVersion.Weaken(after, Version);

        var differences = Enumerable.Range(0, before.Length).Where(i => before[i] != after[i]).ToList();
        Assert.Equal(1, changed);
        Assert.Equal(changed, differences.Count);
        foreach (var position in differences)
        {
            Assert.Equal(before[position] | 0x2, after[position]);
            // A Vernaux entry has the ELF hash of the name at 0 and the flags at 4.
            Assert.Equal(ElfHash(Version), BitConverter.ToUInt32(before, position - 4));
        }
    }

    [Fact]
    public void Changes_nothing_the_second_time()
    {
        var image = TorchSharpLibrary();
        WeakenSymbolVersion.Weaken(image, Version);
        var once = (byte[])image.Clone();

        Assert.Equal(0, WeakenSymbolVersion.Weaken(image, Version));
        Assert.Equal(once, image);
    }

    [Fact]
    public void Leaves_a_library_that_does_not_name_the_version_alone()
    {
        var image = TorchSharpLibrary();
        var before = (byte[])image.Clone();

        Assert.Equal(0, WeakenSymbolVersion.Weaken(image, "GLIBCXX_9.9.99"));
        Assert.Equal(before, image);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a library, but long enough to hold the header of one: sixty-four bytes")]
    public void Rejects_what_is_not_ELF(string text) =>
        Assert.Throws<InvalidDataException>(() => WeakenSymbolVersion.Weaken(System.Text.Encoding.ASCII.GetBytes(text), Version));

    private static byte[] TorchSharpLibrary()
    {
        var package =
            typeof(WeakenSymbolVersionTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "TorchSharpPackage").Value!;
        var library = Directory.EnumerateFiles(package, "libLibTorchSharp.so", SearchOption.AllDirectories).Single(path => path.Contains("/linux-x64/"));
        return File.ReadAllBytes(library);
    }

    private static uint ElfHash(string name)
    {
        uint hash = 0;
        foreach (var letter in name)
        {
            hash = (hash << 4) + letter;
            var high = hash & 0xf0000000;
            hash = (hash ^ (high >> 24)) & ~high;
        }

        return hash;
    }
}

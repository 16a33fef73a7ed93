using Distil.Cli.Hosting;
using Distil.Core;
using Distil.Core.Runs.Planning;

namespace Distil.Cli.Tests.Hosting;

public sealed class DiskSpaceTests
{
    [Fact]
    public void Folders_on_one_disk_share_its_space()
    {
        var needed = new SpaceNeeded(Storage: 60, Cache: 50);
        Assert.Null(Disks.Of(() => 110 + DiskSpace.Reserve).Find(needed));
        Assert.Equal(new Shortage(Path.GetTempPath(), 109 + DiskSpace.Reserve, 110 + DiskSpace.Reserve), Disks.Of(() => 109 + DiskSpace.Reserve).Find(needed));
    }

    [Fact]
    public void Another_disk_has_its_own_space()
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm") && Machine.VolumeOf("/dev/shm/x") != Machine.VolumeOf("/"), "it needs two file systems");
        var needed = new SpaceNeeded(Storage: 60, Cache: 50);
        Assert.Null(new DiskSpace("/dev/shm/home", "/cache", "/cache", _ => 60 + DiskSpace.Reserve).Find(needed));
        Assert.Equal("/cache", new DiskSpace("/dev/shm/home", "/cache", "/cache", folder => folder == "/cache" ? 0 : 1 << 30).Find(needed)?.Folder);
    }

    [Fact]
    public void An_account_elsewhere_needs_no_disk_here() =>
        Assert.Null(new DiskSpace(storage: null, "/cache", "/tmp", _ => DiskSpace.Reserve).Find(new SpaceNeeded(Storage: 1L << 40, Cache: 0)));
}

namespace Distil.Core.Tests;

public sealed class ProcessIdentityTests
{
    [Fact]
    public void Is_the_same_whenever_it_is_asked_for() => Assert.Equal(ProcessIdentity.Self, ProcessIdentity.TryFind(Environment.ProcessId));

    [Fact]
    public void Contains_the_start_since_boot_and_no_time_of_a_clock()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems store the start");
        var uptime = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(ProcessIdentity.Self.Start, 1, (long)(uptime * 100) + 1); // a hundred ticks a second on every Linux
        Assert.StartsWith("pid:[", ProcessIdentity.Self.PidNamespace);
    }

    [Fact]
    public void A_process_id_that_is_used_again_is_another_process()
    {
        Assert.True(ProcessIdentity.Self.IsAlive);
        Assert.False((ProcessIdentity.Self with { Start = ProcessIdentity.Self.Start - 1 }).IsAlive);
    }

    [Fact]
    public void Of_another_boot_or_container_nothing_is_known()
    {
        Assert.Null((ProcessIdentity.Self with { Boot = "another" }).IsAlive);
        Assert.Null((ProcessIdentity.Self with { PidNamespace = "pid:[1]" }).IsAlive);
    }

    [Fact]
    public void A_process_that_is_not_there_has_none() => Assert.Null(ProcessIdentity.TryFind(int.MaxValue));
}

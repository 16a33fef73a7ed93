using Mono.Cecil;

namespace Distil.Architecture.Tests;

/// <summary>Compares the assemblies with the tables in <c>docs/architecture.md</c>: a dependency in the other direction fails, and the message names its types.</summary>
public sealed class ArchitectureTests
{
    public static TheoryData<string> Projects => [.. Picture.MayUse.Keys];

    public static TheoryData<string> ProjectsWithRooms => [.. Picture.Rooms.Keys];

    [Fact]
    public void Every_project_is_in_the_picture()
    {
        var source = Path.GetFullPath(Path.Combine(Picture.AssemblyOf("Distil.Core"), "../../../../.."));
        Assert.Equal(Directory.EnumerateDirectories(source).Select(Path.GetFileName).Order(), Picture.MayUse.Keys.Order());
        Assert.Subset(Picture.MayUse.Keys.ToHashSet(), Picture.Rooms.Keys.ToHashSet());
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_uses_only_those_that_the_picture_lets_it_use(string project)
    {
        using var module = Read(project);
        var used = module.AssemblyReferences.Select(reference => reference.Name).Where(name => name.StartsWith("Distil.", StringComparison.Ordinal));
        Assert.Subset(Picture.MayUse[project].ToHashSet(), used.ToHashSet());
    }

    [Theory]
    [MemberData(nameof(ProjectsWithRooms))]
    public void The_picture_has_every_room(string project)
    {
        using var module = Read(project);
        Assert.Equal(Edges.Rooms(module).Order(), Picture.Rooms[project].Order());
    }

    [Theory]
    [MemberData(nameof(ProjectsWithRooms))]
    public void A_room_uses_only_rooms_below_it(string project)
    {
        using var module = Read(project);
        var order = Picture.Rooms[project];
        var back = Edges.Of(module).Where(edge => Array.IndexOf(order, edge.ToRoom) > Array.IndexOf(order, edge.FromRoom))
            .Select(edge => $"{edge.FromRoom} → {edge.ToRoom}: {edge.From} uses {edge.To}").Order().ToList();
        Assert.True(back.Count == 0, string.Join('\n', back));
    }

    private static ModuleDefinition Read(string project) => ModuleDefinition.ReadModule(Picture.AssemblyOf(project));
}

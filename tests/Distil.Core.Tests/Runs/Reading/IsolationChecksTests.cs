using Distil.Core.Runs.Reading;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Runs.Reading;

/// <summary>What does not go with documents that are read apart from each other.</summary>
public sealed class IsolationChecksTests
{
    [Theory]
    [InlineData(ChatPacking.Whole, FrobeniusReduction.Paper, null)]
    [InlineData(ChatPacking.Whole, FrobeniusReduction.BlockWise, null)]
    [InlineData(null, FrobeniusReduction.Paper, null)]
    [InlineData(ChatPacking.None, FrobeniusReduction.Paper, "is true and dataset.chat.packing none, whose rows have one conversation each; expected false, or packing whole")]
    [InlineData(null, FrobeniusReduction.Average, "is true and distillation.alignment.reduction average, one norm over all rows of a batch")]
    [InlineData(null, FrobeniusReduction.Ratio, "is true and distillation.alignment.reduction ratio, one norm over all rows of a batch")]
    public void Settings_without_an_effect_or_a_meaning_are_refused(ChatPacking? packing, FrobeniusReduction reduction, string? fault)
    {
        var spec = new RunSpec
        {
            Name = "a",
            Teacher = new() { Path = "teacher", Mode = TeacherMode.Online },
            Dataset = new() { Sources = ["a.jsonl"], IsolateDocuments = true, Chat = packing is { } chosen ? new() { Packing = chosen } : null },
            Distillation = new() { Alignment = new() { Reduction = reduction } },
        };
        var errors = IsolationChecks.Find(spec).ToList();
        Assert.Equal(fault is null ? 0 : 1, errors.Count);
        Assert.All(errors, error => Assert.StartsWith($"dataset.isolateDocuments {fault}", error.Message));
        Assert.Empty(IsolationChecks.Find(spec with { Dataset = spec.Dataset with { IsolateDocuments = false } }));
    }
}

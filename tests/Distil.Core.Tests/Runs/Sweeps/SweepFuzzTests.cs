using System.Text;
using Distil.Core.Errors;
using Distil.Core.Runs.Sweeps;
using Distil.Fuzzing;

namespace Distil.Core.Tests.Runs.Sweeps;

/// <summary>Damaged sweeps: no sweep, or runs that the reader of one run accepts.</summary>
public sealed class SweepFuzzTests
{
    private const string Valid = """
        {
          "name": "rates", "seed": [1, 2], "teacher": {"path": "teacher"},
          "dataset": {"sources": [["a.txt"], ["b.txt", "c.txt"]], "contextLength": 64},
          "training": {"learningRate": [0.001, 0.002]}, "evaluation": {"tasks": [{"name": "t", "path": "t.jsonl"}]}
        }
        """;

    [Fact]
    public Task Changed_values() => Hostile.EndsInAsync<InvalidInputException>(Mutations.OfJson(Valid), Parse, iterations: 500);

    [Fact]
    public Task Changed_bytes() => Hostile.EndsInAsync<InvalidInputException>(Mutations.Of(Encoding.UTF8.GetBytes(Valid)), Parse);

    private static void Parse(byte[] bytes)
    {
        if (SweepReader.TryParse(Encoding.UTF8.GetString(bytes), "sweep.json", "/somewhere") is { } sweep)
        {
            Assert.Equal(sweep.Axes.Aggregate(1, (runs, axis) => runs * axis.Values.Count), sweep.Points.Count);
            Assert.Equal(sweep.Points.Count, sweep.Points.Select(point => point.Spec.Name).Distinct().Count());
        }
    }
}
